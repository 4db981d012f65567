using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

/// <summary>The six actions of the sample, from a violation to what comes of it.</summary>
public sealed class GuardAlertsTests
{
    private const string Rules = "processes: {app: {blocked_files: [/etc/shadow, /etc/gshadow, /a/*], allowed_network: ['*']}}\n";
    private const string Critical = Rules + "alerts: {on_violation: [log_to_syslog, send_to_soc_dashboard], on_critical: [kill_process, isolate_network, notify_architect]}\n";

    [Theory]
    [InlineData("audit", 0)]
    [InlineData("alert", 1)]
    [InlineData("enforce", 1)]
    public async Task Mode_audit_is_told_nobody(string mode, int alerts)
    {
        using var rig = new ResponseRig($"mode: {mode}\n{Critical}");
        var told = await rig.RunAsync((4711, "/etc/shadow"));
        told.Count.ShouldBe(alerts);
        told.ShouldAllBe(static a => a.Actions.SequenceEqual(new[] { "log_to_syslog", "send_to_soc_dashboard" }));
        rig.Alerts.Status.Audited.ShouldBe(1 - alerts);
        rig.Alerts.Status.Routed.ShouldBe(alerts);
        rig.Killed.ShouldBeEmpty("HIGH is not critical");
    }

    [Fact]
    public async Task A_critical_one_goes_both_ways()
    {
        using var rig = new ResponseRig($"mode: alert\n{Critical}");
        rig.Guard.Engine.Judge(new() { Process = "app", Pid = 4711, Kind = GuardEventKind.Syscall, Subject = "read" }).ShouldBeNull();
        rig.Alerts.Take(Violations.Of(severity: "CRITICAL", mode: "alert"));
        (await rig.RunAsync()).ShouldHaveSingleItem().Actions.ShouldBe(["log_to_syslog", "send_to_soc_dashboard", "kill_process", "isolate_network", "notify_architect"]);
        rig.Killed.ShouldBeEmpty("mode alert tells and does nothing");
        rig.Receipts().ShouldBeEmpty();
    }

    [Fact]
    public async Task Enforce_kills_once_with_a_receipt_after_the_tree_was_seen()
    {
        using var rig = new ResponseRig("mode: enforce\n" + Rules + "alerts: {on_violation: [kill_process]}\n");
        var alerts = await rig.RunAsync((4711, "/etc/shadow"), (4711, "/etc/gshadow"), (4713, "/etc/shadow"));
        rig.Killed.ShouldBe([4711, 4713]);
        var first = alerts[0];
        first.Tree.Select(static n => (n.Pid, n.Role)).ShouldBe([(1, ProcessRole.Ancestor), (40, ProcessRole.Ancestor), (4711, ProcessRole.Violator), (4712, ProcessRole.Child)]);
        var response = first.Responses.ShouldHaveSingleItem();
        response.ShouldSatisfyAllConditions(static r => r.Action.ShouldBe("kill_process"), static r => r.Done.ShouldBeTrue(), static r => r.Text.ShouldBe("Process 4711 was killed."));
        alerts[1].Responses.ShouldBeEmpty("it was killed already");
        var receipts = rig.Receipts();
        receipts.Count.ShouldBe(2);
        receipts[0].Intent.ShouldBe(response.Receipt);
        receipts[0].ShouldSatisfyAllConditions(
            static r => r.Tool.ShouldBe("kill_process"),
            static r => r.Decision.ShouldBe("allow"),
            static r => r.Agent.ShouldBe("guard app"),
            static r => r.Parameters!.Value.GetProperty("pid").GetInt32().ShouldBe(4711),
            static r => r.Parameters!.Value.GetProperty("reason").GetString().ShouldBe("blocked file access: /etc/shadow (pattern: /etc/shadow)"));
        alerts.Concat(await rig.RunAsync()).Sum(static a => a.Count).ShouldBe(3);
    }

    [Fact]
    public async Task A_process_without_a_number_is_refused_with_a_receipt()
    {
        using var rig = new ResponseRig("mode: enforce\n" + Rules + "alerts: {on_violation: [kill_process]}\n");
        var alert = (await rig.RunAsync((0, "/etc/shadow"))).ShouldHaveSingleItem();
        alert.Responses.ShouldHaveSingleItem().ShouldSatisfyAllConditions(static r => r.Done.ShouldBeFalse(), static r => r.Text.ShouldContain("not known"));
        rig.Receipts().ShouldHaveSingleItem().Decision.ShouldBe("deny");
        rig.Alerts.Status.Refused.ShouldBe(1);
    }

    [Fact]
    public async Task The_network_is_taken_where_the_backend_can()
    {
        var isolation = new FakeIsolation();
        using var rig = new ResponseRig("mode: enforce\n" + Rules + "alerts: {on_violation: [isolate_network]}\n", isolation);
        var alert = (await rig.RunAsync((4711, "/etc/shadow"))).ShouldHaveSingleItem();
        isolation.Isolated.ShouldBe([("app", 4711)]);
        rig.Killed.ShouldBeEmpty();
        alert.Responses.ShouldHaveSingleItem().Text.ShouldContain("can reach nothing new any more");
    }

    [Fact]
    public async Task Where_it_can_not_that_is_said_and_the_process_is_killed()
    {
        using var rig = new ResponseRig("mode: enforce\n" + Rules + "alerts: {on_violation: [isolate_network]}\n");
        var alert = (await rig.RunAsync((4711, "/etc/shadow"))).ShouldHaveSingleItem();
        alert.Responses.Select(static r => (r.Action, r.Done)).ShouldBe([("isolate_network", false), ("kill_process", true)]);
        alert.Responses[0].Text.ShouldBe("Not isolated: the backend fake can't take the network from a running process.");
        rig.Killed.ShouldBe([4711]);
    }

    [Fact]
    public async Task The_breaker_opens_and_from_then_on_each_violation_is_a_critical_one()
    {
        using var rig = new ResponseRig("mode: enforce\n" + Rules + "alerts: {on_violation: [log_to_syslog, increment_circuit_breaker], on_critical: [kill_process, notify_architect], circuit_breaker: {violations: 3, within: 1m, open_for: 5m}}\n");
        var alerts = await rig.RunAsync((4711, "/a/1"), (4711, "/a/2"));
        alerts.ShouldAllBe(static a => a.Actions.SequenceEqual(new[] { "log_to_syslog", "increment_circuit_breaker" }));
        rig.Killed.ShouldBeEmpty();

        alerts = await rig.RunAsync((4711, "/a/3"));
        var opening = alerts.Single(static a => a.Violation.Type == "breaker");
        opening.Actions.ShouldBe(["log_to_syslog", "kill_process", "notify_architect"]);
        opening.Responses.ShouldHaveSingleItem().Done.ShouldBeTrue();
        rig.Killed.ShouldBe([4711]);
        rig.Said.ShouldContain(static s => s.Contains("circuit breaker of app opened", StringComparison.Ordinal));
        rig.Guard.Engine.Stats.Violations.ShouldBe(3, "the opening is no violation");

        (await rig.RunAsync((4713, "/a/4"))).ShouldHaveSingleItem().Actions.ShouldContain("notify_architect");
        rig.Killed.ShouldBe([4711, 4713]);
        rig.Alerts.Status.Breakers.ShouldHaveSingleItem().State.ShouldBe("open");
    }

    [Fact]
    public async Task What_an_opening_does_may_stand_in_the_policy()
    {
        using var rig = new ResponseRig("mode: enforce\n" + Rules + "alerts: {on_violation: [increment_circuit_breaker], on_critical: [kill_process], circuit_breaker: {violations: 1, on_open: [notify_architect]}}\n");
        var alerts = await rig.RunAsync((4711, "/a/1"), (4711, "/a/2"));
        rig.Killed.ShouldBeEmpty();
        alerts.Single(static a => a.Violation.Type == "breaker").Actions.ShouldBe(["notify_architect"]);
        alerts[^1].Actions.ShouldBe(["increment_circuit_breaker", "notify_architect"]);
    }

    [Fact]
    public async Task A_reload_changes_the_routes()
    {
        using var rig = new ResponseRig($"mode: alert\n{Critical}");
        (await rig.RunAsync((4711, "/a/1"))).ShouldHaveSingleItem().Actions.Count.ShouldBe(2);
        rig.Guard.Engine.Reload(PolicyText.Read($"mode: alert\n{Rules}alerts: {{on_violation: [notify_architect]}}"));
        (await rig.RunAsync((4711, "/a/2"))).ShouldHaveSingleItem().Actions.ShouldBe(["notify_architect"]);
    }

    [Fact]
    public async Task Faster_than_it_can_be_taken_is_counted_and_never_waited_for()
    {
        using var rig = new ResponseRig($"mode: alert\n{Critical}");
        for (var i = 0; i < 20_000; i++)
        {
            rig.Alerts.Take(Violations.Of(mode: "alert"));
        }

        var alerts = await rig.RunAsync();
        rig.Alerts.Status.ShouldSatisfyAllConditions(static s => s.Routed.ShouldBe(20_000), static s => s.Lost.ShouldBe(20_000 - 16_384));
        alerts.Sum(static a => a.Count).ShouldBe(16_384);
    }

    [Fact]
    public void The_sample_of_the_go_document_routes_as_it_says()
    {
        var alerts = PolicyText.Sample().Alerts;
        alerts.OnViolation.ShouldBe(["log_to_syslog", "send_to_soc_dashboard", "increment_circuit_breaker"]);
        alerts.OnCritical.ShouldBe(["kill_process", "isolate_network", "notify_architect"]);
        alerts.Breaker.ShouldBe(new BreakerPolicy());
    }

    private sealed class FakeIsolation : INetworkIsolation
    {
        public List<(string, int)> Isolated { get; } = [];

        public string? TryIsolate(string process, int pid)
        {
            Isolated.Add((process, pid));
            return null;
        }
    }
}
