using System.Text;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Guards.Receipts;

public sealed class ReceiptVerifierTests
{
    private static SampleChain Chain => SampleChain.Built.Value;

    [Fact]
    public void A_chain_over_two_runs_and_a_rotation_is_fine()
    {
        var report = Chain.Verify(Chain.Entries);
        report.Fault.ShouldBeNull();
        report.Notes.ShouldBeEmpty();
        report.Receipts.ShouldBe(300);
        report.Checkpoints.ShouldBe(4); // 256, 512 and two of shutdowns
        report.Entries.ShouldBe(604);
        report.LastId.ShouldBe(Chain.Entries[^1].Id);
        Chain.Entries.Select(static e => e.SignedBy).Distinct(StringComparer.Ordinal).Count().ShouldBe(3);
    }

    [Fact]
    public void An_empty_chain_is_fine_unless_something_was_signed()
    {
        ReceiptVerifier.Verify([], Chain.Keys, null, cancellationToken: TestContext.Current.CancellationToken).Fault.ShouldBeNull();
        Chain.Verify([]).Fault!.Code.ShouldBe("cut");
    }

    [Fact]
    public void Any_single_change_of_a_stored_chain_is_found() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(PositiveInt Kind, PositiveInt At, PositiveInt More)>(), static drawn =>
            Chain.Verify(Mutation.Of(Chain.Entries, drawn.Kind.Get, drawn.At.Get, drawn.More.Get)).Fault is not null)
        .Check(Config.QuickThrowOnFailure.WithMaxTest(120));

    [Theory]
    [InlineData("delete", 100, 100, "missing")]
    [InlineData("swap", 100, 100, "missing")]
    [InlineData("duplicate", 100, 100, "order")]
    [InlineData("cut", 500, 500, "cut")]
    [InlineData("flip body", 100, 100, "changed")]
    [InlineData("flip id", 100, 100, "changed")]
    [InlineData("flip signature", 100, 100, "wrong_signature")]
    [InlineData("flip key", 100, 100, "foreign_key")]
    [InlineData("no signature", 100, 100, "unsigned")]
    [InlineData("no signature at the end", 604, 604, "unsigned")]
    [InlineData("forge", 100, 100, "wrong_signature")]
    [InlineData("insert", 100, 100, "order")]
    [InlineData("kind", 100, 100, "order")]
    public void The_first_bad_entry_is_named(string change, int at, long named, string code)
    {
        var fault = Chain.Verify(Mutation.Named(Chain.Entries, change, at)).Fault.ShouldNotBeNull();
        (fault.Seq, fault.Code).ShouldBe((named, code));
        fault.At.ShouldNotBeNull();
        fault.Problem.ShouldNotBeEmpty();
        fault.WhatToDo.ShouldNotBeEmpty();
    }

    [Fact]
    public void A_chain_made_anew_without_the_key_fails_at_its_first_signature()
    {
        using var stranger = KeyRing.InMemory(TimeProvider.System);
        var store = new MemoryReceiptStore();
        using (var journal = new ReceiptJournal(store, stranger, TimeProvider.System))
        {
            journal.Call();
        }

        ReceiptVerifier.Verify(store.Read(1), Chain.Keys, null, cancellationToken: TestContext.Current.CancellationToken).Fault!.Code.ShouldBe("foreign_key");
        var named = store.Read(1).Select(static e => e with { SignedBy = Chain.Keys.Known[0].Id });
        var fault = ReceiptVerifier.Verify(named, Chain.Keys, null, cancellationToken: TestContext.Current.CancellationToken).Fault!;
        (fault.Seq, fault.Code).ShouldBe((1, "wrong_signature"));
    }

    [Fact]
    public void A_database_rolled_back_that_went_on_is_noticed()
    {
        var (time, store) = (new FakeTime(), new MemoryReceiptStore());
        using var journal = new ReceiptJournal(store, Chain.Keys, time);
        for (var i = 0; i < 400; i++)
        {
            journal.Call();
        }

        journal.Flush();
        var fault = Chain.Verify(store.Read(1)).Fault!;
        (fault.Seq, fault.Code).ShouldBe((604, "replaced"));
    }

    [Theory]
    [InlineData(2, "no_intent")] // twice
    [InlineData(99, "no_intent")] // never was
    public void A_receipt_without_an_intent_of_its_own_is_found(int intent, string code)
    {
        using var keys = KeyRing.InMemory(TimeProvider.System);
        var store = new MemoryReceiptStore();
        using var journal = new ReceiptJournal(store, keys, TimeProvider.System);
        journal.Call();
        journal.End([SampleCall.Receipt(intent == 2 ? 1 : intent, SampleCall.Intent())]);
        journal.Flush();
        var fault = ReceiptVerifier.Verify(store.Read(1), keys, null, cancellationToken: TestContext.Current.CancellationToken).Fault!;
        (fault.Seq, fault.Code).ShouldBe((3, code));
    }

    [Fact]
    public void A_checkpoint_that_sums_up_something_else_is_found()
    {
        var fault = Signed(512, static (writer, entry, body) => writer.Write(entry.Seq, body.Prev, body.Checkpoint! with { Root = new('0', 64) }));
        (fault.Seq, fault.Code).ShouldBe((512, "wrong_checkpoint"));
    }

    [Fact]
    public void A_place_of_a_checkpoint_that_holds_something_else_is_found()
    {
        var fault = Signed(512, static (writer, entry, body) => writer.Write(entry.Seq, body.Prev, SampleCall.Intent()), EntryKind.Intent);
        (fault.Seq, fault.Code).ShouldBe((512, "no_checkpoint"));
    }

    [Fact]
    public void What_is_not_yet_signed_is_a_note()
    {
        using var keys = KeyRing.InMemory(TimeProvider.System);
        var (store, time) = (new MemoryReceiptStore(), new FakeTime());
        using var journal = new ReceiptJournal(store, keys, time);
        journal.Call();
        journal.Flush();
        journal.Begin([SampleCall.Intent()]);
        var report = ReceiptVerifier.Verify(store.Read(1), keys, new(1, 2, store.Get(2)!.Id, "agent.db"), cancellationToken: TestContext.Current.CancellationToken);
        report.Fault.ShouldBeNull();
        (report.NotYetSigned, report.OpenIntents).ShouldBe((1, 1));
        report.Notes.Count.ShouldBe(2);

        var stranger = store.Read(1).Select(static e => e.Mac is null ? e : e with { Mac = new byte[32] });
        ReceiptVerifier.Verify(stranger, keys, null, cancellationToken: TestContext.Current.CancellationToken).Fault!.Code.ShouldBe("stranger");
    }

    [Fact]
    public void A_body_that_is_no_json_has_a_name()
    {
        var entry = SampleChain.Forge(Chain.Entries[0], static _ => "\u0000{]");
        Chain.Verify([entry, .. Chain.Entries.Skip(1)]).Fault!.Code.ShouldBe("unreadable");
    }

    /// <summary>One entry made by a program that has the key but is wrong.</summary>
    private static VerifyFault Signed(int seq, Func<EntryWriter, ChainEntry, EntryBody, byte[]> write, EntryKind kind = EntryKind.Checkpoint)
    {
        using var writer = new EntryWriter();
        var entry = Chain.Entries[seq - 1];
        EntryReader.TryRead(entry.Body, out var body).ShouldBeTrue();
        var made = write(writer, entry, body);
        var forged = SampleChain.Forge(entry, _ => Encoding.UTF8.GetString(made)) with { Kind = kind, Signature = Chain.Keys.Current.Sign(made), SignedBy = Chain.Keys.Current.Id };
        return Chain.Verify([.. Chain.Entries.Take(seq - 1), forged]).Fault!;
    }
}
