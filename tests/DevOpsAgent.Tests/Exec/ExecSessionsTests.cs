using DevOpsAgent.Audit;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;

namespace DevOpsAgent.Tests.Exec;

public sealed class ExecSessionsTests
{
    [Fact]
    public async Task Fault_1_a_request_that_can_not_be_recorded_starts_nothing()
    {
        await using var rig = new ExecRig();
        var made = Path.Combine(rig.Folder, "made");
        var script = rig.Script($"touch {made}");
        rig.Audit.Fails = static e => e is AuditEvent.Request;
        (await rig.DeniedAsync(ExecRig.Request(script))).Reason.ShouldBe(ExecDenial.AuditFailed);
        File.Exists(made).ShouldBeFalse();
        var report = rig.Sessions.Report();
        (report.RequestsReceived, report.RequestsAllowed, report.RequestsDenied, report.AuditWriteFailures, report.ActiveSessions).ShouldBe((1, 0, 1, 1, 0));
        report.DenialBreakdown["audit_failed"].ShouldBe(1);
    }

    [Fact]
    public async Task Fault_1_the_request_is_on_disk_before_the_process_exists()
    {
        await using var rig = new ExecRig();
        var made = Path.Combine(rig.Folder, "made");
        var script = rig.Script($"touch {made}");
        var onDisk = new TaskCompletionSource();
        rig.Audit.Before = e => e is AuditEvent.Request ? onDisk.Task : Task.CompletedTask;
        var starting = rig.StartAsync(ExecRig.Request(script));
        starting.IsCompleted.ShouldBeFalse();
        File.Exists(made).ShouldBeFalse();
        onDisk.SetResult();
        await (await starting).ShouldBeOfType<ExecStart.Running>().Session.Completion.Soon();
        File.Exists(made).ShouldBeTrue();
    }

    [Fact]
    public async Task Fault_1_a_command_whose_deeds_can_not_be_recorded_any_more_is_killed()
    {
        await using var rig = new ExecRig();
        rig.Audit.Fails = static e => e is AuditEvent.Started;
        var session = await rig.RunningAsync(ExecRig.Request(rig.Script("sleep 1000")));
        var exit = await session.Completion.Soon();
        (exit.Signal, exit.Cause).ShouldBe((9, ExecCause.AuditFailed));
    }

    [Fact]
    public async Task Fault_2_denials_of_strangers_are_only_counted_and_those_of_known_agents_are_recorded()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        var stranger = ExecRig.Request("/bin/true") with { Sender = new(ExecRig.Agent, ExecRig.Machine, SenderStanding.Unverified) };
        (await rig.AdmitAsync(stranger))!.Reason.ShouldBe(ExecDenial.UnverifiedSender);
        (await rig.AdmitAsync(stranger with { Sender = stranger.Sender with { Standing = SenderStanding.Untrusted } }))!.Reason.ShouldBe(ExecDenial.TrustRejected);
        rig.Audit.Events.ShouldBeEmpty();
        rig.Audit.Counted.Select(static d => d.Reason).ShouldBe(["unverified_sender", "trust_rejected"]);

        (await rig.AdmitAsync(ExecRig.Request("/bin/false")))!.Reason.ShouldBe(ExecDenial.ArgvNotAllowed);
        rig.Audit.Events.Single().ShouldBeOfType<AuditEvent.Denial>().Reason.ShouldBe("argv_not_allowed");
    }

    [Fact]
    public async Task Fault_5_spawn_failed_is_denied_and_not_allowed_and_frees_its_slot()
    {
        await using var rig = new ExecRig().Set("max_concurrent_total: 1").Set("max_concurrent_per_agent: 1");
        var script = rig.Script("true");
        _ = rig.Sessions;
        File.Delete(script);
        for (var i = 0; i < 3; i++)
        {
            (await rig.DeniedAsync(ExecRig.Request(script))).Reason.ShouldBe(ExecDenial.SpawnFailed);
        }

        var report = rig.Sessions.Report();
        (report.RequestsReceived, report.RequestsAllowed, report.RequestsDenied, report.SessionsStarted, report.ActiveSessions).ShouldBe((3, 0, 3, 0, 0));
        report.DenialBreakdown["spawn_failed"].ShouldBe(3);
        rig.Audit.Events.Select(static e => e.GetType().Name).ShouldBe(["Request", "Denial", "Request", "Denial", "Request", "Denial"]);
    }

    [Fact]
    public async Task Fault_5_a_reused_request_id_is_refused_and_leaks_no_slot()
    {
        await using var rig = new ExecRig().Set("max_concurrent_per_agent: 2").Allow("[/bin/true]").Allow("[/bin/sleep, <INT>]");
        var running = ExecRig.Request("/bin/sleep", "1000");
        var session = await rig.RunningAsync(running);
        for (var i = 0; i < 5; i++)
        {
            (await rig.DeniedAsync(running with { Argv = ["/bin/true"] })).Reason.ShouldBe(ExecDenial.RequestIdReused);
        }

        rig.Sessions.Active.ShouldBe([session]);
        await rig.RunAsync(ExecRig.Request("/bin/true"));
        rig.Sessions.Cancel(running.RequestId);
        await session.Completion.Soon();
        (await rig.DeniedAsync(running)).Reason.ShouldBe(ExecDenial.RequestIdReused, "also once it has ended");
        rig.Audit.Events.OfType<AuditEvent.Exit>().Count(e => e.RequestId == running.RequestId.ToString()).ShouldBe(1);
        rig.Sessions.Report().ActiveSessions.ShouldBe(0);
    }

    [Fact]
    public async Task Fault_7_a_replaced_program_is_refused()
    {
        await using var rig = new ExecRig();
        var path = Path.Combine(rig.Folder, "tool");
        File.Copy("/bin/true", path);
        rig.Allow($"[{path}]");
        (await rig.RunAsync(ExecRig.Request(path))).Exit.Code.ShouldBe(0);

        File.Copy("/bin/false", path + ".new");
        File.Move(path + ".new", path, overwrite: true);
        var refusal = await rig.DeniedAsync(ExecRig.Request(path));
        refusal.Reason.ShouldBe(ExecDenial.SpawnFailed);
        refusal.Text.ShouldContain("another file");
        rig.Sessions.Report().RequestsAllowed.ShouldBe(1);
    }

    [Fact]
    public async Task Fault_7_a_program_that_was_rewritten_in_place_is_refused_even_with_its_old_time()
    {
        await using var rig = new ExecRig();
        var script = rig.Script("exit 0");
        _ = rig.Sessions;
        var time = File.GetLastWriteTimeUtc(script);
        await File.WriteAllTextAsync(script, "#!/bin/sh\nexit 1\n", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(script, time);
        (await rig.DeniedAsync(ExecRig.Request(script))).Text.ShouldContain("was changed");
    }

    [Fact]
    public async Task Fault_7_PATH_of_the_agent_is_not_looked_at()
    {
        await using var rig = new ExecRig();
        rig.Script("echo hijacked", "env");
        var before = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", rig.Folder + ":" + before);
        try
        {
            rig.Allow("[env]");
            var session = await rig.RunningAsync(ExecRig.Request("env"));
            var (events, _) = await ExecRig.CollectAsync(session);
            ExecRig.Text(events, ExecStream.Stdout).ShouldNotContain("hijacked");
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", before);
        }
    }

    [Fact]
    public async Task Concurrency_is_limited_per_agent_and_in_all_and_comes_back()
    {
        await using var rig = new ExecRig().Set("max_concurrent_per_agent: 2").Set("max_concurrent_total: 2").Allow("[/bin/sleep, <INT>]");
        var one = await rig.RunningAsync(ExecRig.Request("/bin/sleep", "1000"));
        await rig.RunningAsync(ExecRig.Request("/bin/sleep", "1000"));
        (await rig.DeniedAsync(ExecRig.Request("/bin/sleep", "1000"))).Reason.ShouldBe(ExecDenial.ConcurrencyLimitReached);
        var report = rig.Sessions.Report();
        (report.ActiveSessions, report.ActivePerAgent[ExecRig.Agent], report.SessionsStarted).ShouldBe((2, 2, 2));
        rig.Sessions.Cancel(one.RequestId);
        await one.Completion.Soon();
        await rig.RunningAsync(ExecRig.Request("/bin/sleep", "1000"));
    }

    [Fact]
    public async Task Forty_requests_at_once_never_run_more_than_the_limit_and_every_one_is_counted_once()
    {
        await using var rig = new ExecRig().Set("max_concurrent_per_agent: 3").Allow("[/bin/true]");
        _ = rig.Sessions;
        var starts = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(() => rig.StartAsync(ExecRig.Request("/bin/true")))));
        await Task.WhenAll(starts.OfType<ExecStart.Running>().Select(static r => r.Session.Completion)).Soon();
        var report = rig.Sessions.Report();
        report.RequestsReceived.ShouldBe(40);
        (report.RequestsAllowed + report.RequestsDenied).ShouldBe(40);
        report.RequestsAllowed.ShouldBe(starts.OfType<ExecStart.Running>().Count());
        (report.SessionsCompleted, report.ActiveSessions).ShouldBe((report.RequestsAllowed, 0));
    }

    [Fact]
    public async Task Only_permits_of_its_own_gateway_are_taken_and_each_once()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        var another = new ApprovingGateway();
        await Should.ThrowAsync<InvalidOperationException>(() => rig.Sessions.StartAsync(another.Approve(ExecRig.Request("/bin/true")), TestContext.Current.CancellationToken));
        var permit = rig.Gateway.Permit(ExecRig.Request("/bin/true"));
        ApprovedCommand.From(permit);
        Should.Throw<InvalidOperationException>(() => ApprovedCommand.From(permit));
        Should.Throw<InvalidOperationException>(() => rig.Sessions.OpenTo(another));
        rig.Sessions.Report().RequestsReceived.ShouldBe(0);
    }

    [Fact]
    public async Task A_disabled_policy_denies_all_and_writes_nothing()
    {
        var audit = new RecordingAudit();
        await using var sessions = new ExecSessions(new ExecPolicy.Disabled("/acl", DateTimeOffset.UnixEpoch, DisabledReason.MissingExecSection), audit, new FakeTime());
        (await sessions.AdmitAsync(ExecRig.Request("/bin/true"), TestContext.Current.CancellationToken))!.Reason.ShouldBe(ExecDenial.ExecDisabled);
        audit.Events.ShouldBeEmpty();
        var report = sessions.Report();
        report.AclSummary.ShouldBe(new AclSummary(false, "/acl", 0, 0, 0, "missing_exec_section"));
        report.DenialBreakdown["exec_disabled"].ShouldBe(1);
    }

    [Fact]
    public async Task Malformed_frames_are_counted_and_write_nothing()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        rig.Sessions.CountMalformed();
        var report = rig.Sessions.Report();
        (report.RequestsReceived, report.RequestsDenied, report.DenialBreakdown["malformed_frame"]).ShouldBe((1, 1, 1));
        rig.Audit.Events.ShouldBeEmpty();
        (report.AclSummary.AllowEntryCount, report.AclSummary.CommandEntryCount, report.AclSummary.Enabled).ShouldBe((1, 1, true));
    }

    [Fact]
    public void Recent_ids_are_bounded()
    {
        var recent = new RecentIds(3);
        var ids = Enumerable.Range(0, 5).Select(static _ => ExecRequestId.New()).ToList();
        ids.ForEach(recent.Add);
        ids.Select(recent.Contains).ShouldBe([false, false, true, true, true]);
        recent.Add(ids[4]);
        recent.Contains(ids[2]).ShouldBeTrue("an id that is known takes no second place");
    }

    [Fact]
    public void Recent_warnings_are_a_ring_of_64()
    {
        var counts = new ExecCounts(new ExecPolicy.Disabled("acl", default, DisabledReason.AclMissing));
        for (var i = 0; i < 70; i++)
        {
            counts.Warned(DateTimeOffset.UnixEpoch, ExecRequestId.New(), ExecWarningKind.StdoutCapHit, i);
        }

        var recent = counts.Report(new Dictionary<string, int>(StringComparer.Ordinal)).RecentWarnings;
        (recent.Count, recent[0].Bytes, recent[^1].Bytes).ShouldBe((64, 6, 69));
    }
}
