using DevOpsAgent.Blocking;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Store;
using DevOpsAgent.Tests.Guards;

namespace DevOpsAgent.Tests.Incidents;

public sealed class IncidentDeskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StillClock _clock = new();
    private readonly SqliteStore _store;
    private readonly IncidentDesk _desk;

    public IncidentDeskTests()
    {
        _store = new(_directory.File("agent.db"));
        _desk = new(_store, _clock, TimeSpan.FromDays(7));
    }

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Approving_records_who_and_from_where_and_may_be_repeated()
    {
        var id = _store.Add(Sample.Incident()).Id;
        var outcome = _desk.Approve(id, "alice", "web 127.0.0.1", TimeSpan.FromHours(1));
        (outcome.Result, outcome.Incident!.Status, outcome.Incident.Recommendation!.Ttl).ShouldBe((DeskResult.Done, IncidentStatus.Approved, TimeSpan.FromHours(1)));
        var change = _store.GetHistory(id)[^1];
        (change.By, change.Origin, change.From, change.To).ShouldBe(("alice", "web 127.0.0.1", IncidentStatus.Recommended, IncidentStatus.Approved));

        _clock.Now += TimeSpan.FromMinutes(1);
        var again = _desk.Approve(id, "bob", "cli uid 1000");
        (again.Result, again.Succeeded).ShouldBe((DeskResult.AlreadyDone, true));
        again.Message.ShouldBe($"Incident {id} was already approved by alice at 2026-03-01 12:00:00Z.");
        Move(id, IncidentStatus.Blocked);
        _desk.Approve(id, "bob", "cli uid 1000").Message.ShouldContain("by alice");
        _store.GetHistory(id).Count.ShouldBe(3);
    }

    [Fact]
    public void The_note_of_an_approval_is_kept_in_the_history()
    {
        var id = _store.Add(Sample.Incident()).Id;
        _desk.Approve(id, "alice", "web 127.0.0.1", note: "seen in three shops").Result.ShouldBe(DeskResult.Done);
        _store.GetHistory(id)[^1].Note.ShouldBe("seen in three shops");
        _desk.Approve(id, "bob", "web 127.0.0.1", note: "me too").Result.ShouldBe(DeskResult.AlreadyDone);
        _store.GetHistory(id)[^1].Note.ShouldBe("seen in three shops");
    }

    [Fact]
    public void A_recommendation_that_became_another_after_it_was_shown_is_not_approved()
    {
        var id = _store.Add(Sample.Incident()).Id;
        _desk.Approve(id, "alice", "web", seen: 1).Result.ShouldBe(DeskResult.Done);
        _desk.Undo(id, "alice", "web").Result.ShouldBe(DeskResult.Done);
        _desk.Approve(id, "bob", "web", TimeSpan.FromHours(8), seen: 1).Result.ShouldBe(DeskResult.Done, "what is recommended is what it was at version 1");
        _desk.Undo(id, "bob", "web").Result.ShouldBe(DeskResult.Done);

        var outcome = _desk.Approve(id, "alice", "web", seen: 3);
        Refused(outcome, "changed after version 3 (4h became 8h)");
        _store.GetIncident(id)!.Status.ShouldBe(IncidentStatus.Recommended);
        Refused(_desk.Approve(id, "alice", "web", seen: 99), "no version 99 yet");
        _desk.Approve(id, "alice", "web", seen: outcome.Incident!.Version).Result.ShouldBe(DeskResult.Done);
    }

    [Fact]
    public void A_campaign_that_grows_in_the_moment_of_the_approval_is_not_approved()
    {
        var campaign = _store.Add(Sample.Incident());
        var clock = new ActingClock(() =>
        {
            var seen = _store.GetIncident(campaign.Id)!;
            var grown = RecommendationChange.Mark(seen.Recommendation, Sample.Recommendation("203.0.113.7", "203.0.113.9"), seen.Version + 1);
            _store.Commit(new() { Incidents = [new(seen with { Recommendation = grown }, null)] });
        });
        Refused(new IncidentDesk(_store, clock, TimeSpan.FromDays(7)).Approve(campaign.Id, "alice", "web", seen: 1), "1 address more: 203.0.113.9");
        _store.GetIncident(campaign.Id)!.Status.ShouldBe(IncidentStatus.Recommended);
    }

    [Fact]
    public void What_can_not_be_approved_says_why()
    {
        Refused(_desk.Approve(_store.Add(Sample.Incident("203.0.113.1", IncidentStatus.Open)).Id, "a", "web"), "nothing to approve");
        Refused(_desk.Approve(_store.Add(Sample.Incident("203.0.113.2", IncidentStatus.Allowed)).Id, "a", "web"), "allowlist");
        Refused(_desk.Approve(_store.Add(Sample.Incident("203.0.113.3") with { Recommendation = Sample.Recommendation() }).Id, "a", "web"), "no address to block");
        var id = _store.Add(Sample.Incident("203.0.113.4")).Id;
        Refused(_desk.Approve(id, "a", "web", TimeSpan.FromSeconds(-1)), "blocking.max_ttl");
        Refused(_desk.Approve(id, "a", "web", TimeSpan.Zero), "blocking.max_ttl");
        Refused(_desk.Approve(id, "a", "web", TimeSpan.FromDays(8)), "blocking.max_ttl");
        _desk.Reject(id, "bob", "web");
        Refused(_desk.Approve(id, "a", "web"), "rejected by bob");
        _desk.Approve(4711, "a", "web").Result.ShouldBe(DeskResult.NotFound);
    }

    [Fact]
    public void Rejecting()
    {
        var id = _store.Add(Sample.Incident()).Id;
        _desk.Reject(id, "alice", "web", "our own scanner").Result.ShouldBe(DeskResult.Done);
        _store.GetHistory(id)[^1].Note.ShouldBe("our own scanner");
        _desk.Reject(id, "bob", "web").Result.ShouldBe(DeskResult.AlreadyDone);
        var approved = _store.Add(Sample.Incident("203.0.113.8")).Id;
        _desk.Approve(approved, "alice", "web");
        Refused(_desk.Reject(approved, "bob", "web"), "approved by alice");
        _desk.Reject(_store.Add(Sample.Incident("203.0.113.9", IncidentStatus.Open)).Id, "bob", "web").Result.ShouldBe(DeskResult.Done);
    }

    [Fact]
    public void Undoing_an_approval_unblocks_and_puts_it_back_in_review()
    {
        var id = _store.Add(Sample.Incident()).Id;
        _desk.Approve(id, "alice", "web");
        var block = _store.AddBlock(Sample.Block(incident: id));
        Move(id, IncidentStatus.Blocked);
        _clock.Now += TimeSpan.FromSeconds(11);
        Refused(_desk.Undo(id, "alice", "web", IncidentDesk.UndoWindow), "too long ago");
        _store.GetBlock(block)!.Status.ShouldBe(BlockStatus.Active);

        var outcome = _desk.Undo(id, "bob", "web");
        (outcome.Result, outcome.Incident!.Status, outcome.Incident.Recommendation!.Held).ShouldBe((DeskResult.Done, IncidentStatus.Recommended, "taken back by bob"));
        _store.GetBlock(block)!.Status.ShouldBe(BlockStatus.Lifted);
        _desk.Undo(id, "bob", "web").Result.ShouldBe(DeskResult.AlreadyDone);
        _desk.Approve(id, "alice", "web").Result.ShouldBe(DeskResult.Done);
    }

    [Fact]
    public void Undoing_a_rejection()
    {
        var recommended = _store.Add(Sample.Incident()).Id;
        var open = _store.Add(Sample.Incident("203.0.113.8", IncidentStatus.Open)).Id;
        _desk.Reject(recommended, "alice", "web");
        _desk.Reject(open, "alice", "web");
        _clock.Now += IncidentDesk.UndoWindow;
        new[] { recommended, open }.Select(id => _desk.Undo(id, "alice", "web", IncidentDesk.UndoWindow)).Select(static o => o.Incident!.Status).ShouldBe([IncidentStatus.Recommended, IncidentStatus.Open]);

        _desk.Reject(recommended, "alice", "web");
        var newer = _store.Add(Sample.Incident()).Id;
        Refused(_desk.Undo(recommended, "alice", "web"), $"Incident {newer} of the same client");
    }

    [Fact]
    public void A_failed_block_can_be_tried_again_or_rejected()
    {
        var id = _store.Add(Sample.Incident()).Id;
        _desk.Approve(id, "alice", "web");
        Move(id, IncidentStatus.Failed);
        Refused(_desk.Undo(id, "alice", "web"), "approve it to try again");
        _desk.Approve(id, "bob", "web").Result.ShouldBe(DeskResult.Done);
        Move(id, IncidentStatus.Failed);
        _desk.Reject(id, "bob", "web").Result.ShouldBe(DeskResult.Done);
    }

    [Fact]
    public void Of_approvers_rejecters_and_expiry_in_a_race_one_wins_and_the_others_are_told()
    {
        using var other = new SqliteStore(_directory.File("agent.db"));
        var elsewhere = new IncidentDesk(other, _clock, TimeSpan.FromDays(7));
        for (var round = 0; round < 4; round++)
        {
            var id = _store.Add(Sample.Incident($"203.0.113.{round}") with { UpdatedAt = Sample.Start.AddDays(-30) }).Id;
            var outcomes = new DeskOutcome?[9];
            var expired = 0;
            Parallel.For(0, outcomes.Length, new() { MaxDegreeOfParallelism = outcomes.Length }, n =>
            {
                var desk = n % 2 == 0 ? _desk : elsewhere;
                switch (n % 3)
                {
                    case 0: outcomes[n] = desk.Approve(id, $"approver {n}", "web"); break;
                    case 1: outcomes[n] = desk.Reject(id, $"rejecter {n}", "web"); break;
                    default: Interlocked.Add(ref expired, desk.ExpireStale(TimeSpan.FromDays(14)).Count(i => i.Id == id)); break;
                }
            });
            var told = outcomes.OfType<DeskOutcome>().ToList();
            (told.Count(static o => o.Result == DeskResult.Done) + expired).ShouldBe(1);
            told.ShouldAllBe(static o => o.Result == DeskResult.Done || o.Result == DeskResult.AlreadyDone || o.Result == DeskResult.Refused);
            var history = _store.GetHistory(id);
            history.Count.ShouldBe(2);
            told.Where(static o => o.Result != DeskResult.Done).ShouldAllBe(o => o.Message.Contains(history[1].By));
        }
    }

    [Fact]
    public void A_database_that_fails_is_an_outcome()
    {
        var id = _store.Add(Sample.Incident()).Id;
        using var readOnly = new SqliteStore(_directory.File("agent.db"), new() { ReadOnly = true }, []);
        var outcome = new IncidentDesk(readOnly, _clock, TimeSpan.FromDays(7)).Approve(id, "alice", "web");
        outcome.Result.ShouldBe(DeskResult.Unavailable);
        outcome.Message.ShouldContain("read-only");
    }

    [Fact]
    public void What_nobody_acted_on_expires()
    {
        var stale = _store.Add(Sample.Incident("203.0.113.1")).Id;
        var record = _store.Add(Sample.Incident("203.0.113.2", IncidentStatus.Open)).Id;
        var approved = _store.Add(Sample.Incident("203.0.113.3")).Id;
        _desk.Approve(approved, "alice", "web");
        _clock.Now += TimeSpan.FromDays(14);
        var active = _store.Add(Sample.Incident("203.0.113.4") with { UpdatedAt = _clock.Now }).Id;
        _clock.Now += TimeSpan.FromSeconds(1);

        _desk.ExpireStale(TimeSpan.FromDays(14)).Select(static i => (i.Id, i.Status))
            .ShouldBe([(stale, IncidentStatus.Expired), (record, IncidentStatus.Expired)], ignoreOrder: true);
        _desk.ExpireStale(TimeSpan.FromDays(14)).ShouldBeEmpty();
        _store.GetIncident(active)!.Status.ShouldBe(IncidentStatus.Recommended);
        _store.GetIncident(approved)!.Status.ShouldBe(IncidentStatus.Approved);
    }

    [Fact]
    public void A_new_entry_allows_its_incidents_and_lifts_their_blocks_at_once()
    {
        var id = _store.Add(Sample.Incident()).Id;
        _desk.Approve(id, "alice", "web");
        var block = _store.AddBlock(Sample.Block(incident: id));
        Move(id, IncidentStatus.Blocked);
        var other = _store.Add(Sample.Incident("198.51.100.1")).Id;
        var allowlist = new Allowlist(_clock, static (_, _) => throw new InvalidOperationException());
        _desk.Allow(allowlist, "bob", "web").ShouldBeEmpty();

        allowlist.Load([Sample.Entry("203.0.113.0/24")]);
        _desk.Allow(allowlist, "bob", "web").ShouldHaveSingleItem().Status.ShouldBe(IncidentStatus.Allowed);
        _store.GetBlock(block)!.Status.ShouldBe(BlockStatus.Lifted);
        _store.GetHistory(id)[^1].Note.ShouldBe("allowlist entry 203.0.113.0/24");
        _store.GetIncident(other)!.Status.ShouldBe(IncidentStatus.Recommended);
        _desk.Allow(allowlist, "bob", "web").ShouldBeEmpty();
    }

    private void Move(long id, IncidentStatus to) =>
        _store.TryTransition(id, [IncidentStatus.Approved], Sample.Change(to, "service", _clock.Now), null, out _).ShouldBeTrue();

    private static void Refused(DeskOutcome outcome, string why)
    {
        outcome.Result.ShouldBe(DeskResult.Refused, outcome.Message);
        outcome.Message.ShouldContain(why);
    }

    /// <summary>The desk takes the time between reading an incident and moving it: then somebody else acts, once.</summary>
    private sealed class ActingClock(Action act) : TimeProvider
    {
        private bool _acted;

        public override DateTimeOffset GetUtcNow()
        {
            if (!_acted)
            {
                _acted = true;
                act();
            }

            return Sample.Start;
        }
    }
}
