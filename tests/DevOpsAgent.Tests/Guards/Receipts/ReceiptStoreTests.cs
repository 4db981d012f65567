using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;
using Decision = DevOpsAgent.Guards.Receipts.Decision;

namespace DevOpsAgent.Tests.Guards.Receipts;

/// <summary>What every store of receipts does, under the journal that writes to it. Each implementation derives from it.</summary>
public abstract class ReceiptStoreTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly KeyRing _keys;

    protected ReceiptStoreTests() => _keys = KeyRing.InMemory(_time);

    private protected abstract IReceiptStore Store { get; }

    public virtual void Dispose()
    {
        _keys.Dispose();
        GC.SuppressFinalize(this);
    }

    private ReceiptJournal Open() => new(Store, _keys, _time);

    [Fact]
    public void A_call_is_an_intent_and_a_receipt_chained_in_order()
    {
        using var journal = Open();
        var intent = SampleCall.Intent();
        var seq = journal.Begin([intent]).ShouldHaveSingleItem();
        journal.OpenIntents().ShouldHaveSingleItem().Seq.ShouldBe(1);
        journal.OpenIntents()[0].Intent.ShouldBe(intent);

        var receipt = SampleCall.Receipt(seq, intent, Decision.Deny, "caps.total");
        var entry = journal.End([receipt]).ShouldHaveSingleItem();
        journal.OpenIntents().ShouldBeEmpty();

        entry.Seq.ShouldBe(2);
        Store.Find(entry.Id)!.Seq.ShouldBe(2);
        Store.Find(new('0', 64)).ShouldBeNull();
        Store.Get(3).ShouldBeNull();
        EntryReader.TryRead(Store.Get(2)!.Body, out var body).ShouldBeTrue();
        body.Prev.ShouldBe(Store.Get(1)!.Id);
        body.Receipt!.Evidence.ShouldBe(receipt.Evidence);
        body.Receipt.Signals[0].Metadata.ShouldBe(receipt.Signals[0].Metadata, ignoreOrder: true);
        (body.Receipt with { Evidence = receipt.Evidence, Signals = receipt.Signals }).ShouldBe(receipt);
    }

    [Fact]
    public void Signatures_follow_and_verify()
    {
        using var journal = Open();
        for (var i = 0; i < 300; i++)
        {
            journal.Call();
        }

        journal.Flush();
        Store.Unsigned(1).ShouldBeEmpty();
        var entries = Store.Read(1).ToList();
        entries.Select(static e => e.Seq).ShouldBe(Enumerable.Range(1, entries.Count).Select(static n => (long)n));
        entries.All(e => e.SignedBy == _keys.Current.Id && SigningKey.Verify(_keys.Current.PublicKey, e.Body.Span, e.Signature)).ShouldBeTrue();
        entries.Where(static e => e.Kind == EntryKind.Checkpoint).Select(static e => e.Seq).ShouldBe([256, 512]);
    }

    [Fact]
    public void Receipts_are_listed_newest_first_by_tool_agent_incident_decision_and_time_with_open_intents()
    {
        using var journal = Open();
        journal.Call(SampleCall.Intent(incident: 1), Decision.Allow);
        journal.Call(SampleCall.Intent(tool: "exec", incident: 2, agent: "model m", at: SampleCall.Start.AddHours(1)), Decision.Deny);
        journal.Begin([SampleCall.Intent(incident: 2, at: SampleCall.Start.AddHours(2))]);

        Seqs(new()).ShouldBe([5, 4, 2]);
        Seqs(new() { Tool = "exec" }).ShouldBe([4]);
        Seqs(new() { Agent = "service" }).ShouldBe([5, 2]);
        Seqs(new() { IncidentId = 2 }).ShouldBe([5, 4]);
        Seqs(new() { Decision = Decision.Allow }).ShouldBe([2]);
        Seqs(new() { Since = SampleCall.Start.AddMinutes(30) }).ShouldBe([5, 4]);
        Seqs(new() { Limit = 1, Offset = 1 }, total: 3).ShouldBe([4]);
        Seqs(new() { Tool = "exec", Decision = Decision.Allow }).ShouldBeEmpty();
    }

    [Fact]
    public void Two_journals_share_one_chain()
    {
        using (var one = Open())
        using (var other = Open())
        {
            Parallel.For(0, 200, new() { MaxDegreeOfParallelism = 4 }, n => (n % 2 == 0 ? one : other).Call());
        }

        var entries = Store.Read(1).ToList();
        entries.Count(static e => e.Kind == EntryKind.Receipt).ShouldBe(200);
        var prev = ChainTail.NoPrevious;
        foreach (var entry in entries)
        {
            EntryReader.TryRead(entry.Body, out var body).ShouldBeTrue();
            body.Prev.ShouldBe(prev);
            prev = entry.Id;
        }
    }

    [Fact]
    public void What_a_crash_left_unsigned_is_signed_at_the_next_start_and_what_a_stranger_wrote_is_not()
    {
        var mine = new ChainTail(Store, _keys, _time);
        Append(mine);
        using var strangerKeys = KeyRing.InMemory(_time);
        Append(new ChainTail(Store, strangerKeys, _time));

        using var journal = Open();
        journal.Flush();
        Store.Get(1)!.Signature.ShouldNotBeNull();
        Store.Get(2)!.Signature.ShouldBeNull();
        journal.Problem.ShouldNotBeNull().ShouldContain("receipts verify");

        void Append(ChainTail tail) => Store.Append((seq, prev) =>
        {
            tail.Follow(seq, prev);
            var made = new List<ChainEntry>();
            tail.Add(SampleCall.Intent(), made);
            return made;
        });
    }

    [Fact]
    public void A_second_signature_changes_nothing()
    {
        using var journal = Open();
        var entry = journal.Call();
        journal.Flush();
        var signed = Store.Get(entry.Seq)!;
        Store.Sign([signed with { Signature = new byte[64], SignedBy = "x" }]);
        Store.Get(entry.Seq)!.Signature.ShouldBe(signed.Signature);
    }

    [Fact]
    public void A_clean_shutdown_ends_with_a_checkpoint_and_no_shutdown_without_calls_adds_one()
    {
        using (var journal = Open())
        {
            journal.Call();
        }

        Open().Dispose();
        var entries = Store.Read(1).ToList();
        entries.Select(static e => e.Kind).ShouldBe([EntryKind.Intent, EntryKind.Receipt, EntryKind.Checkpoint]);
        entries.ShouldAllBe(static e => e.Signature != null);
        EntryReader.TryRead(entries[2].Body, out var body).ShouldBeTrue();
        body.Checkpoint!.ShouldBe(new(_time.GetUtcNow(), 1, 2, 2, Checkpoint.RootOf([.. entries.Take(2).Select(static e => Convert.FromHexString(e.Id))]), null));
    }

    [Fact]
    public void A_transaction_that_fails_leaves_the_chain_as_it_was()
    {
        using var journal = Open();
        journal.Call();
        Should.Throw<Exception>(() => journal.Begin([SampleCall.Intent(), SampleCall.Intent() with { Parameters = "{no json" }]));
        journal.Call().Seq.ShouldBe(4);
    }

    private long[] Seqs(ReceiptQuery query, int? total = null)
    {
        var found = Store.List(query, out var count);
        count.ShouldBe(total ?? found.Count);
        return [.. found.Select(static e => e.Seq)];
    }
}

public sealed class MemoryReceiptStoreTests : ReceiptStoreTests
{
    private protected override IReceiptStore Store { get; } = new MemoryReceiptStore();
}
