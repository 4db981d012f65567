using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Incidents;

namespace DevOpsAgent.Tests.Store;

/// <summary>What every store does. Each implementation derives from it; what concerns one alone is tested beside it.</summary>
public abstract partial class StoreTests : IDisposable
{
    private IStore? _store;

    private protected IStore Store => _store ??= Open();

    /// <summary>Another handle on the same database, as another process would have.</summary>
    private protected abstract IStore Open();

    public virtual void Dispose()
    {
        _store?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void An_incident_reads_back_as_it_was_stored()
    {
        var sent = Sample.Incident("2001:db8::7") with { Summary = "hostile \0 \uFFFD 'quote\" \u202e ünïcode" };
        var stored = Store.Add(sent);
        stored.Id.ShouldBeGreaterThan(0);
        stored.Version.ShouldBe(1);

        var read = Store.GetIncident(stored.Id).ShouldNotBeNull();
        Json(read).ShouldBe(Json(stored));
        Json(read with { Id = 0, Version = 0, StatusAt = default }).ShouldBe(Json(sent));
        Store.GetHistory(stored.Id).ShouldHaveSingleItem().ShouldBe(Sample.Change(IncidentStatus.Recommended, "rule") with { IncidentId = stored.Id });
        Store.GetIncident(4711).ShouldBeNull();
    }

    [Fact]
    public void A_campaign_keeps_its_clients_in_order_and_grows()
    {
        ClientAddress[] clients = [.. new[] { "2001:db8::1", "203.0.113.9", "203.0.113.10" }.Select(ClientAddress.Parse).Order()];
        var stored = Store.Add(Sample.Incident() with { Subject = "campaign-1", IsCampaign = true, Clients = clients });
        Store.GetIncident(stored.Id)!.Clients.ShouldBe(clients);

        ClientAddress[] more = [.. clients.Append(ClientAddress.Parse("198.51.100.1")).Order()];
        Store.Commit(new() { Incidents = [new(stored with { Clients = more }, null)] });
        Store.GetIncident(stored.Id)!.Clients.ShouldBe(more);
    }

    [Theory]
    [InlineData("Recommended", true)]
    [InlineData("Open", true)]
    [InlineData("Allowed", false)]
    public void The_open_incident_of_a_subject_and_threat(string status, bool open)
    {
        var stored = Store.Add(Sample.Incident(status: Enum.Parse<IncidentStatus>(status)));
        Store.Add(Sample.Incident("203.0.113.8"));
        (Store.FindOpenIncident("203.0.113.7", "secrets-scan")?.Id).ShouldBe(open ? stored.Id : null);
        Store.FindOpenIncident("203.0.113.7", "directory-scan").ShouldBeNull();
    }

    [Fact]
    public void A_transition_moves_updates_and_is_recorded()
    {
        var stored = Store.Add(Sample.Incident());
        var at = Sample.Start.AddMinutes(1);
        Store.TryTransition(
            stored.Id, [IncidentStatus.Recommended, IncidentStatus.Failed], Sample.Change(IncidentStatus.Approved, at: at, note: "yes"),
            static i => i with { Recommendation = i.Recommendation! with { Ttl = TimeSpan.FromHours(1) } }, out var current).ShouldBeTrue();

        current!.Status.ShouldBe(IncidentStatus.Approved);
        current.StatusAt.ShouldBe(at);
        current.UpdatedAt.ShouldBe(at);
        current.Version.ShouldBe(2);
        Json(Store.GetIncident(stored.Id)!).ShouldBe(Json(current));
        Store.GetIncident(stored.Id)!.Recommendation!.Ttl.ShouldBe(TimeSpan.FromHours(1));
        Store.GetHistory(stored.Id)[^1].ShouldBe(
            Sample.Change(IncidentStatus.Approved, at: at, note: "yes") with { IncidentId = stored.Id, From = IncidentStatus.Recommended });
    }

    [Fact]
    public void A_transition_from_another_status_changes_nothing()
    {
        var stored = Store.Add(Sample.Incident());
        Store.TryTransition(stored.Id, [IncidentStatus.Approved], Sample.Change(IncidentStatus.Blocked), null, out var current).ShouldBeFalse();
        current!.Status.ShouldBe(IncidentStatus.Recommended);
        Json(Store.GetIncident(stored.Id)!).ShouldBe(Json(stored));
        Store.GetHistory(stored.Id).Count.ShouldBe(1);
        Store.TryTransition(4711, [IncidentStatus.Approved], Sample.Change(IncidentStatus.Blocked), null, out current).ShouldBeFalse();
        current.ShouldBeNull();
    }

    [Fact]
    public void An_illegal_transition_is_a_fault_of_the_program()
    {
        var stored = Store.Add(Sample.Incident(status: IncidentStatus.Allowed));
        Should.Throw<ArgumentException>(() => Store.TryTransition(stored.Id, [IncidentStatus.Allowed], Sample.Change(IncidentStatus.Blocked), null, out _));
        Should.Throw<ArgumentException>(() => Store.Commit(new() { Incidents = [new(stored with { Status = IncidentStatus.Blocked }, Sample.Change(IncidentStatus.Blocked))] }));
        Store.GetIncident(stored.Id)!.Status.ShouldBe(IncidentStatus.Allowed);
    }

    [Fact]
    public void A_closed_incident_does_not_open_beside_a_newer_one()
    {
        var first = Store.Add(Sample.Incident());
        Store.TryTransition(first.Id, [IncidentStatus.Recommended], Sample.Change(IncidentStatus.Rejected), null, out _).ShouldBeTrue();
        Store.Add(Sample.Incident());
        Store.TryTransition(first.Id, [IncidentStatus.Rejected], Sample.Change(IncidentStatus.Recommended), null, out var current).ShouldBeFalse();
        current!.Status.ShouldBe(IncidentStatus.Rejected);
    }

    [Fact]
    public void Of_many_deciders_on_two_handles_one_wins()
    {
        using var other = Open();
        var ids = Enumerable.Range(1, 20).Select(i => Store.Add(Sample.Incident($"203.0.113.{i}")).Id).ToList();
        var wins = 0;
        Parallel.ForEach(ids.SelectMany(static id => Enumerable.Repeat(id, 6)).Select(static (id, n) => (id, n)), new() { MaxDegreeOfParallelism = 6 }, turn =>
        {
            var store = turn.n % 2 == 0 ? Store : other;
            var to = turn.n % 3 == 0 ? IncidentStatus.Approved : IncidentStatus.Rejected;
            if (store.TryTransition(turn.id, [IncidentStatus.Recommended], Sample.Change(to, $"decider {turn.n}"), null, out var current))
            {
                Interlocked.Increment(ref wins);
            }

            current!.Status.ShouldBeOneOf(IncidentStatus.Approved, IncidentStatus.Rejected);
        });
        wins.ShouldBe(ids.Count);
        ids.ShouldAllBe(id => Store.GetHistory(id).Count == 2);
    }

    [Fact]
    public void Undoing_lifts_the_live_blocks_of_the_incident_and_no_others()
    {
        var stored = Store.Add(Sample.Incident());
        Store.TryTransition(stored.Id, [IncidentStatus.Recommended], Sample.Change(IncidentStatus.Approved), null, out _);
        var mine = Store.AddBlock(Sample.Block(incident: stored.Id));
        var ended = Store.AddBlock(Sample.Block(incident: stored.Id, status: BlockStatus.Expired));
        var others = Store.AddBlock(Sample.Block("203.0.113.8"));

        Store.TryTransitionAndLift(stored.Id, [IncidentStatus.Blocked], Sample.Change(IncidentStatus.Recommended), null, out _).ShouldBeFalse();
        Store.GetBlock(mine)!.Status.ShouldBe(BlockStatus.Active);
        Store.TryTransitionAndLift(stored.Id, [IncidentStatus.Approved], Sample.Change(IncidentStatus.Recommended, note: "undone"), null, out _).ShouldBeTrue();
        Store.GetBlock(mine)!.Status.ShouldBe(BlockStatus.Lifted);
        Store.GetBlock(mine)!.Result.ShouldBe("undone");
        Store.GetBlock(ended)!.Status.ShouldBe(BlockStatus.Expired);
        Store.GetLiveBlocks().ShouldHaveSingleItem().Id.ShouldBe(others);
    }

    private static string Json(Incident incident) => JsonSerializer.Serialize(new
    {
        incident.Id, incident.Subject, incident.IsCampaign, Clients = incident.Clients.Select(static c => c.ToString()), incident.Threat,
        incident.Severity, incident.Status, incident.DetectedAt, incident.StatusAt, incident.UpdatedAt, incident.Summary, incident.Version,
        Evidence = JsonSerializer.Serialize(incident.Evidence, StoreJson.Default.Evidence),
        Recommendation = incident.Recommendation is { } r ? JsonSerializer.Serialize(r, StoreJson.Default.Recommendation) : null,
    });
}
