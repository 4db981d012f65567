using System.Reflection;
using DevOpsAgent.Blocking;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Blocking;

namespace DevOpsAgent.Tests.Guards;

/// <summary>A block on its whole way through the gateway: intent, guards, effect, receipt, and what a fault at each step leaves.</summary>
public sealed class GatewayBlockTests : IAsyncLifetime
{
    private readonly BlockWorld _world = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_block_leaves_an_intent_and_a_receipt_with_the_evidence_of_its_guards()
    {
        _world.Incident(7, "203.0.113.7");
        await _world.BlockAsync(_world.Auto("203.0.113.7", 7));
        var entries = _world.Blocker.Receipts.Read(1).ToList();
        entries.Select(static e => e.Kind).ShouldBe([EntryKind.Intent, EntryKind.Receipt]);
        var receipt = Read(entries[1]);
        receipt.Decision.ShouldBe(Decision.Allow);
        receipt.Intent.ShouldBe(1);
        receipt.Tool.ShouldBe("block_client");
        receipt.IncidentId.ShouldBe(7);
        receipt.Caller.ShouldBe(Caller.Service);
        receipt.Parameters.ShouldBe("""{"incident":7,"range":"203.0.113.7","reason":"seen in another log","ttl":"4h"}""");
        receipt.Text.ShouldStartWith("Written to ");
        receipt.Evidence.ShouldContain(new GuardEvidence("evidence", "clients_in_range", "1"));
        receipt.Evidence.ShouldContain(new GuardEvidence("caps", "live_blocks", "0 of 40000"));
        _world.Store.GetActions(7, openOnly: false, 10).ShouldHaveSingleItem().Subject.ShouldStartWith("203.0.113.7/32 for 04:00:00 at Traefik file ");
    }

    [Fact]
    public async Task A_denial_has_a_receipt_too()
    {
        await _world.BlockAsync(_world.ByHand("10.0.0.1"));
        var receipt = Read(_world.Blocker.Receipts.Read(2).Single());
        (receipt.Decision, receipt.Reason).ShouldBe((Decision.Deny, "target_safety.not_public"));
        receipt.Caller.ShouldBe(Caller.Person("ann", "cli uid 1000"));
        receipt.Evidence.ShouldContain(new GuardEvidence("target_safety", "denied", "not_public"));
    }

    [Theory]
    [InlineData("AddAction")]
    [InlineData("AddBlock")]
    public async Task A_store_that_fails_means_no_effect(string method)
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Fault = name => Throw(name == method);
        await Should.ThrowAsync<StoreException>(() => _world.BlockAsync(_world.Auto("203.0.113.7", 7)));
        _world.Store.Fault = null;
        await _world.Settle(_world.Blocker.ReconcileAsync());
        _world.Content.ShouldBe("");
        _world.Store.GetActions(null, openOnly: true, 10).ShouldBeEmpty();
        Read(_world.Blocker.Receipts.Read(2).First()).Decision.ShouldBe(Decision.Incomplete);
    }

    [Fact]
    public async Task A_guard_that_can_not_read_denies()
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Fault = static name => Throw(name == "GetIncident");
        var answer = await _world.BlockAsync(_world.Auto("203.0.113.7", 7));
        (answer.Verdict, answer.Refusal).ShouldBe((BlockVerdict.Denied, "fault"));
        answer.Text.ShouldContain("the disk is full");
        _world.Content.ShouldBe("");
    }

    [Fact]
    public async Task A_permit_is_good_once()
    {
        var permit = Permits.Of(_world.ByHand("203.0.113.7"));
        await _world.Settle(_world.Blocker.Blocker.ApplyAsync([permit], CancellationToken.None));
        await Should.ThrowAsync<InvalidOperationException>(() => _world.Blocker.Blocker.ApplyAsync([permit], CancellationToken.None));
    }

    [Fact]
    public void Nobody_but_the_gateway_can_make_a_permit()
    {
        typeof(Permit<>).GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).ShouldAllBe(static c => c.IsPrivate);
        typeof(Permit<>).IsSealed.ShouldBeTrue();
        typeof(Permit<>).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).ShouldBeEmpty();
        typeof(Permit<>).Assembly.GetTypes().Where(static t => t.BaseType?.DeclaringType == typeof(Permit<>)).ShouldHaveSingleItem().DeclaringType.ShouldBe(typeof(Gateway));
    }

    private static Receipt Read(ChainEntry entry)
    {
        EntryReader.TryRead(entry.Body, out var body).ShouldBeTrue();
        return body.Receipt!;
    }

    private static void Throw(bool now)
    {
        if (now)
        {
            throw new StoreException("the disk is full", StoreFault.Full);
        }
    }
}
