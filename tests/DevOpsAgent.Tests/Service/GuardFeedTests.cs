using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.Service;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.RuntimeGuard.Alerts;
using DevOpsAgent.Tests.Store;

namespace DevOpsAgent.Tests.Service;

public sealed class GuardFeedTests : IDisposable
{
    private const string Journal = "0123456789abcdef0123456789abcdef";

    private readonly TemporaryDirectory _folder = new();
    private readonly FakeTime _time = new();
    private readonly List<AgentEvent> _told = [];
    private readonly SqliteStore _store;
    private long _seq;

    public GuardFeedTests() => _store = new(_folder.File("agent.db"));

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_violation_becomes_an_incident_with_its_tree_and_what_was_done()
    {
        var alert = Violations.Alert() with
        {
            Tree = [new(1, 0, "/sbin/init", 0, ProcessRole.Ancestor), new(4711, 1, "/opt/app", 33, ProcessRole.Violator)],
            Responses = [new("kill_process", true, "Process 4711 was killed.", 9)],
        };
        var incident = Feed().Take(Page(alert)).ShouldHaveSingleItem();
        var read = _store.GetIncident(incident.Id).ShouldNotBeNull();
        read.ShouldSatisfyAllConditions(
            static i => i.Subject.ShouldBe("process app"),
            static i => i.Threat.ShouldBe("file-violation"),
            static i => i.Severity.ShouldBe(Severity.High),
            static i => i.Status.ShouldBe(IncidentStatus.Open),
            static i => i.Clients.ShouldBeEmpty(),
            static i => i.Recommendation.ShouldBeNull(),
            static i => i.Summary.ShouldBe("app broke its policy: blocked file access: /etc/shadow (pattern: /etc/shadow). It was killed."));
        var process = read.Evidence.Process.ShouldNotBeNull();
        process.Tree.Select(static n => (n.Pid, n.Role, n.Exe)).ShouldBe([(1, "ancestor", "/sbin/init"), (4711, "violator", "/opt/app")]);
        process.Acts.ShouldHaveSingleItem().Receipt.ShouldBe(9);
        process.Violations.ShouldHaveSingleItem().ShouldSatisfyAllConditions(static v => v.Rule.ShouldBe("/etc/shadow"), static v => v.Line.ShouldBe(5), static v => v.Pid.ShouldBe(4711));
        _store.GetHistory(incident.Id).ShouldHaveSingleItem().Origin.ShouldBe("runtime guard");
        _told.ShouldHaveSingleItem().Kind.ShouldBe(AgentEventKind.IncidentOpened);
    }

    [Fact]
    public void The_same_counts_up_and_another_object_joins()
    {
        var feed = Feed();
        var id = feed.Take(Page(Violations.Alert("a", 3)))[0].Id;
        feed.Take(Page(Violations.Alert("a", 4), Violations.Alert("b")))[0].Id.ShouldBe(id);
        var incident = _store.GetIncident(id)!;
        incident.Evidence.Matched.ShouldBe(8);
        incident.Evidence.Process!.Violations.Select(static v => (v.Detail, v.Count)).ShouldBe([("a", 7L), ("b", 1L)], ignoreOrder: true);
        incident.Summary.ShouldStartWith("app broke its policy, 8 times in 2 ways:");
        _store.ListIncidents(new()).Total.ShouldBe(1);
    }

    [Fact]
    public void Another_kind_or_process_is_an_incident_of_its_own()
    {
        Feed().Take(Page(
            Violations.Alert(), Violations.Alert() with { Violation = Violations.Of(type: "network") }, Violations.Alert() with { Violation = Violations.Of(process: "other") },
            Violations.Alert() with { Violation = Violations.Of(type: "breaker", severity: "CRITICAL") }));
        _store.ListIncidents(new()).Items.Select(static i => (i.Subject, i.Threat)).ShouldBe(
            [("process app", "file-violation"), ("process app", "network-violation"), ("process other", "file-violation"), ("process app", "circuit-breaker")], ignoreOrder: true);
    }

    [Fact]
    public async Task After_a_kill_nothing_is_lost_and_nothing_counts_twice()
    {
        var alerts = Enumerable.Range(0, 30).Select(i => Violations.Alert($"file {i % 7}") with { Seq = i + 1 }).ToList();
        for (var run = 0; run < 6; run++)
        {
            // Each run reads two pages and is then gone; the second answer never comes back to it.
            var reads = 0;
            using var stop = new CancellationTokenSource();
            var feed = new GuardFeed(_store, (journal, after, _) =>
            {
                (journal ?? Journal).ShouldBe(Journal);
                if (reads++ == 2)
                {
                    stop.Cancel();
                    throw new OperationCanceledException(stop.Token);
                }

                var page = alerts.Where(a => a.Seq > after).Take(4).ToList();
                return Task.FromResult(new AlertPage(Journal, page, page.Count == 0 ? after : page[^1].Seq, 0));
            }, _time, _told.Add);
            await feed.RunAsync(stop.Token);
        }

        _store.ListIncidents(new()).Items.ShouldHaveSingleItem().Evidence.Matched.ShouldBe(30);
    }

    [Fact]
    public void Whoever_closed_it_is_not_asked_again_for_a_day_unless_it_gets_worse()
    {
        var feed = Feed();
        var id = feed.Take(Page(Violations.Alert("a")))[0].Id;
        Reject(id);
        var quiet = feed.Take(Page(Violations.Alert("a")))[0];
        (quiet.Id, quiet.Status, quiet.Evidence.Matched).ShouldBe((id, IncidentStatus.Rejected, 2));
        var worse = feed.Take(Page(Violations.Alert() with { Violation = Violations.Of("b", severity: "CRITICAL") }))[0];
        (worse.Id, worse.Status, worse.Severity).ShouldBe((id, IncidentStatus.Open, Severity.Critical));
        _store.GetHistory(id)[^1].Note.ShouldBe("the severity rose since it was rejected");
        Reject(id);
        _time.Advance(TimeSpan.FromHours(25));
        feed.Take(Page(Violations.Alert("a")))[0].Id.ShouldNotBe(id, "a day later it is news");
    }

    [Fact]
    public void A_decision_that_comes_meanwhile_stands()
    {
        var feed = Feed();
        var id = feed.Take(Page(Violations.Alert("a")))[0].Id;
        using var person = new SqliteStore(_folder.File("agent.db"));
        var page = Page(Violations.Alert("a"));
        person.TryTransition(id, [IncidentStatus.Open], new() { IncidentId = id, From = null, To = IncidentStatus.Rejected, At = _time.GetUtcNow(), By = "ada", Origin = "web" }, null, out _).ShouldBeTrue();
        feed.Take(page)[0].Status.ShouldBe(IncidentStatus.Rejected);
    }

    [Fact]
    public async Task A_guard_that_goes_is_said_once_and_where_none_ever_was_nothing()
    {
        var down = true;
        using var stop = new CancellationTokenSource();
        var looks = 0;
        var feed = new GuardFeed(_store, (_, _, cancellation) =>
        {
            looks++;
            return down ? throw new IOException("no socket")
                : looks is 3 or 6 ? Task.FromResult(new AlertPage(Journal, [], 0, 0))
                : Task.Delay(Timeout.Infinite, cancellation).ContinueWith<AlertPage>(_ => throw new OperationCanceledException(cancellation), TaskScheduler.Default);
        }, _time, _told.Add);
        var running = feed.RunAsync(stop.Token);
        await PassAsync(() => looks == 2);
        feed.Link.ShouldBe(new(false, null, 0, "no socket"));
        _told.ShouldBeEmpty();
        down = false;
        await PassAsync(() => looks == 4);
        feed.Link.Reachable.ShouldBeTrue();
        await stop.CancelAsync();
        await running;
        _told.ShouldBeEmpty();

        async Task PassAsync(Func<bool> condition)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(20));
            while (!condition())
            {
                if (_time.Waiting > 0)
                {
                    _time.Advance(TimeSpan.FromSeconds(5));
                }

                await Task.Delay(5, limit.Token);
            }
        }
    }

    [Fact]
    public async Task A_guard_that_refuses_is_said_once()
    {
        using var stop = new CancellationTokenSource();
        var looks = 0;
        var feed = new GuardFeed(_store, (_, _, _) =>
        {
            if (++looks == 3)
            {
                stop.Cancel();
            }

            throw new UnauthorizedAccessException("runtime_guard.allowed_uids names those who may");
        }, _time, _told.Add);
        var running = feed.RunAsync(stop.Token);
        while (!running.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        _told.ShouldHaveSingleItem().Text.ShouldBe("runtime_guard.allowed_uids names those who may");
        feed.Link.Reachable.ShouldBeFalse();
    }

    [Fact]
    public void What_the_guard_did_not_keep_is_told()
    {
        var feed = Feed();
        feed.Take(new(Journal, [Violations.Alert() with { Seq = 50 }], 50, 49));
        feed.Link.Lost.ShouldBe(49);
        _told[^1].Text.ShouldContain("49 alerts of the runtime guard were lost");
    }

    [Fact]
    public void A_name_with_a_zero_doesnt_cut_the_sentence()
    {
        var id = Feed().Take(Page(Violations.Alert("unauthorized exec: /tmp/a\0b")))[0].Id;
        _store.GetIncident(id)!.Summary.ShouldBe("app broke its policy: unauthorized exec: /tmp/a\u2400b. It was seen, not stopped.");
    }

    [Fact]
    public void Lists_are_bounded_whatever_comes()
    {
        var feed = Feed();
        for (var i = 0; i < 20; i++)
        {
            feed.Take(Page([.. Enumerable.Range(0, 100).Select(j => Violations.Alert($"file {i} {j} {new string('x', 5_000)}") with { Responses = [new("kill_process", true, new string('y', 9_000), 1)] })]));
        }

        var process = _store.ListIncidents(new()).Items.ShouldHaveSingleItem().Evidence.Process.ShouldNotBeNull();
        process.Violations.Count.ShouldBe(50);
        process.Acts.Count.ShouldBe(20);
        process.Violations.ShouldAllBe(static v => v.Detail.Length <= 2_001);
        (process.Others + process.Violations.Sum(static v => v.Count)).ShouldBe(2_000);
    }

    private void Reject(long id) =>
        _store.TryTransition(id, [IncidentStatus.Open], new() { IncidentId = id, From = null, To = IncidentStatus.Rejected, At = _time.GetUtcNow(), By = "ada", Origin = "web" }, null, out _).ShouldBeTrue();

    private AlertPage Page(params Alert[] alerts)
    {
        Alert[] numbered = [.. alerts.Select(a => a with { Seq = ++_seq })];
        return new(Journal, numbered, _seq, 0);
    }

    private GuardFeed Feed() => new(_store, static (_, _, _) => throw new IOException("not asked"), _time, _told.Add);
}
