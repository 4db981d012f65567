using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Incidents;

namespace DevOpsAgent.Tests.Store;

public abstract partial class StoreTests
{
    private static readonly LogCheckpoint Checkpoint = new("/var/log/access.log", "65024:17", 4096, ulong.MaxValue - 5, Sample.Start);
    private static readonly ClientStateRow State = new(ClientAddress.Parse("203.0.113.7"), [1, 2, 3], 42);

    [Fact]
    public void A_commit_stores_all_of_it()
    {
        var stored = Store.Commit(new()
        {
            Incidents = [new(Sample.Incident("203.0.113.1"), null), new(Sample.Incident("203.0.113.2"), Sample.Change(IncidentStatus.Recommended, "rule"))],
            Checkpoints = [Checkpoint, Checkpoint with { FileId = "65024:18" }],
            ClientStates = [State, State with { Client = ClientAddress.Parse("2001:db8::1"), State = [] }],
        });
        stored.Select(static i => i.Subject).ShouldBe(["203.0.113.1", "203.0.113.2"]);
        stored.ShouldAllBe(i => Store.GetHistory(i.Id).Count == 1);

        using var other = Open();
        other.ListIncidents(new()).Total.ShouldBe(2);
        other.GetCheckpoints().ShouldBe([Checkpoint, Checkpoint with { FileId = "65024:18" }], ignoreOrder: true);
        other.GetClientStates().Select(static s => (s.Client, Convert.ToHexString(s.State), s.LastSeenTicks))
            .ShouldBe([(State.Client, "010203", 42), (ClientAddress.Parse("2001:db8::1"), "", 42)], ignoreOrder: true);
    }

    [Fact]
    public void Checkpoints_and_states_are_replaced_and_forgotten()
    {
        Store.Commit(new() { Checkpoints = [Checkpoint], ClientStates = [State, State with { Client = ClientAddress.Parse("203.0.113.8") }] });
        Store.Commit(new() { Checkpoints = [Checkpoint with { Offset = 8192 }], ClientStates = [State with { State = [9] }], ForgottenClients = [ClientAddress.Parse("203.0.113.8")] });
        Store.GetCheckpoints().ShouldHaveSingleItem().Offset.ShouldBe(8192);
        Store.GetClientStates().ShouldHaveSingleItem().State.ShouldBe([9]);
    }

    [Fact]
    public void A_commit_that_fails_in_the_middle_stores_nothing()
    {
        var known = Store.Add(Sample.Incident());
        Store.TryTransition(known.Id, [IncidentStatus.Recommended], Sample.Change(IncidentStatus.Rejected), null, out _);
        var mark = Store.ChangeMark();
        Should.Throw<InvalidOperationException>(() => Store.Commit(new()
        {
            Incidents = [new(Sample.Incident("203.0.113.8"), null), new(known, null)],
            Checkpoints = [Checkpoint],
            ClientStates = [State],
            Merge = static (_, _) => throw new InvalidOperationException("killed here"),
        }));
        Store.ListIncidents(new()).Total.ShouldBe(1);
        Store.GetCheckpoints().ShouldBeEmpty();
        Store.GetClientStates().ShouldBeEmpty();
        Store.ChangeMark().ShouldBe(mark);

        // And the store goes on.
        Store.Commit(new() { Checkpoints = [Checkpoint] });
        Store.GetCheckpoints().ShouldHaveSingleItem();
    }

    [Fact]
    public void A_merge_keeps_the_decision_of_a_person_and_our_evidence()
    {
        var ours = Store.Add(Sample.Incident());
        Store.TryTransition(ours.Id, [IncidentStatus.Recommended], Sample.Change(IncidentStatus.Rejected, at: Sample.Start.AddMinutes(1)), null, out _);

        var stored = Store.Commit(new() { Incidents = [new(ours with { Evidence = Sample.Evidence(requests: 99), Summary = "newer" }, null)] })[0];
        stored.Status.ShouldBe(IncidentStatus.Rejected);
        stored.StatusAt.ShouldBe(Sample.Start.AddMinutes(1));
        stored.Version.ShouldBe(3);
        var read = Store.GetIncident(ours.Id)!;
        (read.Status, read.Evidence.Requests, read.Summary).ShouldBe((IncidentStatus.Rejected, 99, "newer"));
        Store.GetHistory(ours.Id).Count.ShouldBe(2);
    }

    [Fact]
    public void A_new_incident_joins_the_one_that_another_writer_opened()
    {
        var theirs = Store.Add(Sample.Incident());
        var stored = Store.Commit(new() { Incidents = [new(Sample.Incident() with { Summary = "ours" }, Sample.Change(IncidentStatus.Recommended, "rule"))] })[0];
        stored.Id.ShouldBe(theirs.Id);
        Store.GetIncident(theirs.Id)!.Summary.ShouldBe("ours");
        Store.GetHistory(theirs.Id).Count.ShouldBe(1);
    }

    [Fact]
    public void A_change_of_status_in_a_commit_is_recorded()
    {
        var open = Store.Add(Sample.Incident(status: IncidentStatus.Open));
        Store.Commit(new() { Incidents = [new(open with { Status = IncidentStatus.Recommended, Recommendation = Sample.Recommendation("203.0.113.7") }, Sample.Change(IncidentStatus.Recommended, "rule"))] });
        Store.GetHistory(open.Id).Select(static c => (c.From, c.To)).ShouldBe([(null, IncidentStatus.Open), (IncidentStatus.Open, IncidentStatus.Recommended)]);
    }

    [Fact]
    public void The_time_of_change_grows_even_when_the_clock_goes_back()
    {
        var stored = Store.Add(Sample.Incident());
        var again = Store.Commit(new() { Incidents = [new(stored with { UpdatedAt = Sample.Start.AddDays(-1) }, null)] })[0];
        again.UpdatedAt.ShouldBeGreaterThan(stored.UpdatedAt);
        Store.TryTransition(stored.Id, [IncidentStatus.Recommended], Sample.Change(IncidentStatus.Rejected, at: Sample.Start.AddDays(-2)), null, out var moved);
        moved!.UpdatedAt.ShouldBeGreaterThan(again.UpdatedAt);
    }

    [Fact]
    public void The_change_mark_moves_with_every_writer_and_only_then()
    {
        using var other = Open();
        var mark = Store.ChangeMark();
        Store.ListIncidents(new());
        Store.ChangeMark().ShouldBe(mark);
        other.SetSetting("mode", "auto");
        var second = Store.ChangeMark();
        second.ShouldNotBe(mark);
        Store.SetSetting("mode", "review");
        Store.ChangeMark().ShouldNotBe(second);
    }

    [Fact]
    public void A_reader_does_not_wait_for_the_writer_and_sees_what_was_committed()
    {
        var known = Store.Add(Sample.Incident());
        Store.TryTransition(known.Id, [IncidentStatus.Recommended], Sample.Change(IncidentStatus.Rejected), null, out _);
        var seen = -1;
        Store.Commit(new()
        {
            Incidents = [new(Sample.Incident("203.0.113.9"), null), new(known, null)],
            Merge = (stored, ours) =>
            {
                seen = Store.ListIncidents(new()).Total;
                return ours with { Status = stored.Status };
            },
        });
        seen.ShouldBe(1);
        Store.ListIncidents(new()).Total.ShouldBe(2);
    }

    [Fact]
    public void States_are_streamed_while_others_are_written()
    {
        Store.Commit(new() { ClientStates = [.. Enumerable.Range(1, 300).Select(static i => State with { Client = ClientAddress.FromIPv4((uint)i) })] });
        var count = 0;
        foreach (var row in Store.GetClientStates())
        {
            Store.Commit(new() { ClientStates = [row with { LastSeenTicks = 7 }] });
            count++;
        }

        count.ShouldBe(300);
        Store.GetClientStates().ShouldAllBe(static s => s.LastSeenTicks == 7);
    }
}
