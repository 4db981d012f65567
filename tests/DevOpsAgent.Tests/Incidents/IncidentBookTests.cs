using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Store;
using DevOpsAgent.Tests.Guards;

namespace DevOpsAgent.Tests.Incidents;

public sealed class IncidentBookTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StillClock _clock = new();
    private readonly SqliteStore _store;
    private readonly IncidentBook _book;
    private readonly IncidentDesk _desk;
    private readonly List<Proposal> _proposals = [];
    private Func<ClientAddress, AllowlistEntry?> _allowed = static _ => null;
    private string? _held;

    public IncidentBookTests()
    {
        _store = new(_directory.File("agent.db"));
        _book = new(_clock);
        _desk = new(_store, _clock, TimeSpan.FromDays(7));
    }

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Findings_of_one_client_and_threat_are_one_incident()
    {
        var first = Feed(Sample.Finding(requests: 5)).ShouldHaveSingleItem();
        (first.Status, first.Subject, first.Evidence.Requests).ShouldBe((IncidentStatus.Recommended, "203.0.113.7", 5));
        _clock.Now += TimeSpan.FromMinutes(1);
        var second = Feed(Sample.Finding(requests: 9)).ShouldHaveSingleItem();
        second.Id.ShouldBe(first.Id);
        second.Evidence.Requests.ShouldBe(9);
        second.UpdatedAt.ShouldBe(_clock.Now);
        second.StatusAt.ShouldBe(first.StatusAt);
        Path(second).ShouldBe("recommended");
        Feed(Sample.Finding() with { Threat = "directory-scan" }, Sample.Finding("203.0.113.8")).Count.ShouldBe(2);
    }

    [Fact]
    public void Several_findings_at_once_make_one_change()
    {
        var stored = Feed(Sample.Finding(severity: Severity.Low, action: RuleAction.Record, requests: 1), Sample.Finding(requests: 2)).ShouldHaveSingleItem();
        (stored.Severity, stored.Status, stored.Evidence.Requests, stored.Version).ShouldBe((Severity.High, IncidentStatus.Recommended, 2, 1));
    }

    [Fact]
    public void The_summary_is_the_newest_of_the_highest_severity()
    {
        Feed(Sample.Finding(severity: Severity.High, requests: 1));
        Feed(Sample.Finding(severity: Severity.Low, rule: "agents", requests: 2))[0].Summary.ShouldBe("secret-files High 1");
        var third = Feed(Sample.Finding(severity: Severity.High, requests: 3))[0];
        (third.Summary, third.Severity).ShouldBe(("secret-files High 3", Severity.High));
        Feed(Sample.Finding(severity: Severity.Critical, requests: 4))[0].Summary.ShouldBe("secret-files Critical 4");
    }

    [Fact]
    public void Recorded_first_recommended_when_a_stronger_rule_fires()
    {
        Feed(Sample.Finding(action: RuleAction.Record))[0].Status.ShouldBe(IncidentStatus.Open);
        var stored = Feed(Sample.Finding(action: RuleAction.Block))[0];
        stored.Recommendation!.Ranges.ShouldBe([AddressRange.Parse("203.0.113.7")]);
        Path(stored).ShouldBe("open recommended");
        _proposals.Clear();
        Feed(Sample.Finding(action: RuleAction.Review))[0].Recommendation!.Action.ShouldBe(RuleAction.Block);
        _proposals.ShouldBeEmpty();
    }

    [Fact]
    public void The_widest_mode_and_the_longest_time_of_the_strongest_rules_count()
    {
        Feed(
            Sample.Finding(rule: "a", action: RuleAction.Block) with { Mode = Mode.Review, Ttl = TimeSpan.FromHours(8) },
            Sample.Finding(rule: "b", action: RuleAction.Block) with { Mode = null, Ttl = TimeSpan.FromHours(2) },
            Sample.Finding(rule: "c", action: RuleAction.Record) with { Mode = Mode.Disabled, Ttl = TimeSpan.FromDays(30) });
        _proposals.ShouldBe([new(RuleAction.Block, null, TimeSpan.FromHours(8), "b")]);
    }

    [Fact]
    public void Held_for_one_rule_is_judged_again_for_another()
    {
        _held = "rule a is in mode review";
        Feed(Sample.Finding(rule: "a") with { Mode = Mode.Review });
        _proposals.Clear();
        Feed(Sample.Finding(rule: "a") with { Mode = Mode.Review });
        _proposals.ShouldBeEmpty();
        _held = null;
        Feed(Sample.Finding(rule: "b"))[0].Recommendation!.Held.ShouldBeNull();
    }

    [Fact]
    public void A_rejected_incident_is_silent_for_the_quiet_time()
    {
        var id = Feed(Sample.Finding())[0].Id;
        _desk.Reject(id, "alice", "web").Result.ShouldBe(DeskResult.Done);
        _book.Refresh(_store);
        for (var hour = 0; hour < 23; hour++)
        {
            _clock.Now += TimeSpan.FromHours(1);
            var again = Feed(Sample.Finding(requests: 100 + hour))[0];
            (again.Id, again.Status, again.Evidence.Requests).ShouldBe((id, IncidentStatus.Rejected, 100 + hour));
        }

        _clock.Now += TimeSpan.FromHours(1);
        var next = Feed(Sample.Finding())[0];
        next.Id.ShouldNotBe(id);
        next.Status.ShouldBe(IncidentStatus.Recommended);
        Path(_store.GetIncident(id)!).ShouldBe("recommended rejected");
    }

    [Fact]
    public void A_rejected_incident_comes_back_when_the_severity_rises()
    {
        var id = Feed(Sample.Finding(severity: Severity.Medium))[0].Id;
        _desk.Reject(id, "alice", "web");
        _book.Refresh(_store);
        var again = Feed(Sample.Finding(severity: Severity.Critical))[0];
        (again.Id, again.Status).ShouldBe((id, IncidentStatus.Recommended));
        _store.GetHistory(id)[^1].Note.ShouldBe("severity rose from medium to critical since it was rejected");
    }

    [Fact]
    public void A_decision_that_the_book_has_not_seen_yet_stands()
    {
        var id = Feed(Sample.Finding())[0].Id;
        _desk.Reject(id, "alice", "web");
        Feed(Sample.Finding(requests: 70))[0].Status.ShouldBe(IncidentStatus.Rejected);
        Feed(Sample.Finding(requests: 71))[0].Status.ShouldBe(IncidentStatus.Rejected);
        _store.GetIncident(id)!.Evidence.Requests.ShouldBe(71);
        Path(_store.GetIncident(id)!).ShouldBe("recommended rejected");
    }

    [Fact]
    public void A_finding_of_a_blocked_client_merges_in_silence()
    {
        var id = Blocked();
        _proposals.Clear();
        var again = Feed(Sample.Finding(severity: Severity.Critical, requests: 500))[0];
        (again.Id, again.Status, again.Severity, again.Evidence.Requests).ShouldBe((id, IncidentStatus.Blocked, Severity.Critical, 500));
        _proposals.ShouldBeEmpty();
    }

    [Fact]
    public void After_the_block_ended_a_new_incident_is_opened()
    {
        var id = Blocked();
        _store.TryTransition(id, [IncidentStatus.Blocked], Sample.Change(IncidentStatus.Expired, "expiry"), null, out var expired).ShouldBeTrue();
        _book.Stored([expired!]);
        Feed(Sample.Finding())[0].Id.ShouldNotBe(id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_finding_that_comes_just_after_the_end_is_not_buried_in_the_old_incident(bool otherOpened)
    {
        var id = Blocked();
        _store.TryTransition(id, [IncidentStatus.Blocked], Sample.Change(IncidentStatus.Expired, "expiry"), null, out _).ShouldBeTrue();
        var newer = otherOpened ? _store.Add(Sample.Incident()).Id : 0;
        var stored = Feed(Sample.Finding(requests: 88))[0];
        stored.Id.ShouldNotBe(id);
        (newer == 0 || newer == stored.Id).ShouldBeTrue();
        (stored.Status, stored.Evidence.Requests).ShouldBe((IncidentStatus.Recommended, 88));
        Path(stored).ShouldBe("recommended");
        _store.GetIncident(id)!.Evidence.Requests.ShouldBe(61);
        Feed(Sample.Finding(requests: 89))[0].Id.ShouldBe(stored.Id);
    }

    [Fact]
    public void What_a_person_took_back_is_held_until_the_severity_rises()
    {
        var id = Feed(Sample.Finding())[0].Id;
        _desk.Approve(id, "auto", "service");
        _desk.Undo(id, "alice", "web");
        _book.Refresh(_store);
        Feed(Sample.Finding(rule: "another"))[0].Recommendation!.Held.ShouldBe("taken back by alice");
        Feed(Sample.Finding(severity: Severity.Critical))[0].Recommendation!.Held.ShouldBeNull();
    }

    [Fact]
    public void A_campaign_grows_also_when_it_is_blocked()
    {
        var campaign = Feed(Sample.Campaign("203.0.113.1", "203.0.113.2"))[0];
        (campaign.IsCampaign, campaign.Clients.Count).ShouldBe((true, 2));
        campaign = Feed(Sample.Campaign("203.0.113.2", "203.0.113.3"))[0];
        campaign.Clients.Select(static c => c.ToString()).ShouldBe(["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
        campaign.Recommendation!.Ranges.Count.ShouldBe(3);
        _desk.Approve(campaign.Id, "alice", "web");
        _store.TryTransition(campaign.Id, [IncidentStatus.Approved], Sample.Change(IncidentStatus.Blocked), null, out _).ShouldBeTrue();
        _book.Refresh(_store);

        Feed(Sample.Campaign("203.0.113.1"))[0].Status.ShouldBe(IncidentStatus.Blocked);
        var grown = Feed(Sample.Campaign("203.0.113.4"))[0];
        (grown.Id, grown.Status, grown.Recommendation!.Ranges.Count).ShouldBe((campaign.Id, IncidentStatus.Recommended, 4));
    }

    [Fact]
    public void A_blocked_campaign_stays_blocked_when_the_new_client_is_never_blocked()
    {
        var id = Feed(Sample.Campaign("203.0.113.1", "203.0.113.2"))[0].Id;
        _desk.Approve(id, "alice", "web");
        _store.TryTransition(id, [IncidentStatus.Approved], Sample.Change(IncidentStatus.Blocked), null, out _);
        _book.Refresh(_store);
        var stored = Feed(Sample.Campaign("203.0.113.1", "10.0.0.1"))[0];
        (stored.Status, stored.Clients.Count).ShouldBe((IncidentStatus.Blocked, 3));
    }

    [Fact]
    public void An_allowed_client_is_recorded_as_allowed()
    {
        _allowed = static client => client == ClientAddress.Parse("203.0.113.7") ? Sample.Entry("203.0.113.0/24") : null;
        var stored = Feed(Sample.Finding())[0];
        (stored.Status, stored.Recommendation).ShouldBe((IncidentStatus.Allowed, null));
        _store.GetHistory(stored.Id).ShouldHaveSingleItem().Note.ShouldBe("allowlist entry 203.0.113.0/24");
        Feed(Sample.Finding(requests: 99))[0].Id.ShouldBe(stored.Id);
        Feed(Sample.Finding("198.51.100.1"))[0].Status.ShouldBe(IncidentStatus.Recommended);

        // Half of a campaign is not all of it.
        Feed(Sample.Campaign("203.0.113.7", "203.0.113.8"))[0].Status.ShouldBe(IncidentStatus.Recommended);

        _allowed = static _ => null;
        Feed(Sample.Finding())[0].Id.ShouldNotBe(stored.Id);
        Path(_store.GetIncident(stored.Id)!).ShouldBe("allowed");
    }

    [Fact]
    public void A_waiting_incident_becomes_allowed_with_the_next_finding()
    {
        Feed(Sample.Finding());
        _allowed = static _ => Sample.Entry("203.0.113.7");
        Path(Feed(Sample.Finding())[0]).ShouldBe("recommended allowed");
    }

    [Fact]
    public void A_commit_that_failed_is_recorded_again()
    {
        var changes = _book.Record([Sample.Finding()], _allowed, Recommend);
        changes.ShouldHaveSingleItem().Incident.Id.ShouldBe(0);
        _book.Count.ShouldBe(0);
        Feed(Sample.Finding(), Sample.Finding(requests: 77))[0].Evidence.Requests.ShouldBe(77);
        _store.ListIncidents(new()).Total.ShouldBe(1);
    }

    [Fact]
    public void A_book_that_is_loaded_knows_what_the_one_before_knew()
    {
        var waiting = Feed(Sample.Finding())[0].Id;
        var rejected = Feed(Sample.Finding("203.0.113.8"))[0].Id;
        var longAgo = Feed(Sample.Finding("203.0.113.9"))[0].Id;
        _desk.Reject(longAgo, "alice", "web");
        _clock.Now += IncidentBook.QuietTime;
        _desk.Reject(rejected, "alice", "web");

        var next = new IncidentBook(_clock);
        next.Load(_store);
        next.Count.ShouldBe(2);
        next.Find("203.0.113.7", "secrets-scan")!.Id.ShouldBe(waiting);
        next.Find("203.0.113.8", "secrets-scan")!.Id.ShouldBe(rejected);
        next.Find("203.0.113.7", "secrets-scan")!.Evidence.Samples.ShouldBeEmpty();
    }

    private long Blocked()
    {
        var id = Feed(Sample.Finding())[0].Id;
        _desk.Approve(id, "alice", "web").Result.ShouldBe(DeskResult.Done);
        _store.TryTransition(id, [IncidentStatus.Approved], Sample.Change(IncidentStatus.Blocked, "service"), null, out _).ShouldBeTrue();
        _book.Refresh(_store);
        return id;
    }

    private IReadOnlyList<Incident> Feed(params Finding[] findings)
    {
        var stored = _store.Commit(new() { Incidents = _book.Record(findings, _allowed, Recommend), Merge = IncidentBook.Merge });
        _book.Stored(stored);
        return stored;
    }

    private Recommendation? Recommend(Incident incident, Proposal proposal)
    {
        _proposals.Add(proposal);
        return proposal.Action == RuleAction.Record
            ? null
            : Sample.Recommendation([.. incident.Clients.Select(static c => c.ToString()).Where(static c => !c.StartsWith("10.", StringComparison.Ordinal))]) with
            {
                Action = proposal.Action, ProposedBy = $"rule {proposal.RuleId}", Held = _held,
            };
    }

    private string Path(Incident incident) => string.Join(' ', _store.GetHistory(incident.Id).Select(static c => c.To.ToString().ToLowerInvariant()));
}
