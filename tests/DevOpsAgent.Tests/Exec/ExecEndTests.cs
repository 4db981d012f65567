using DevOpsAgent.Audit;
using DevOpsAgent.Exec;

namespace DevOpsAgent.Tests.Exec;

/// <summary>How sessions are ended early. Time is moved by hand; the processes are real.</summary>
public sealed class ExecEndTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Says when it is ready, ends in order on TERM.</summary>
    private const string Polite = "trap 'echo bye; exit 7' TERM\necho ready\nwhile :; do sleep 1000 >/dev/null 2>&1 & wait $!; done";

    /// <summary>Has to be killed.</summary>
    private const string Stubborn = "trap '' TERM\necho ready\nsleep 1000";

    [Fact]
    public async Task Cancel_is_TERM_and_a_polite_command_ends_itself()
    {
        await using var rig = new ExecRig();
        var session = await ReadyAsync(rig, Polite);
        rig.Sessions.Cancel(session.RequestId).ShouldBeTrue();
        var (events, exit) = await ExecRig.CollectAsync(session);
        ExecRig.Text(events, ExecStream.Stdout).ShouldBe("bye\n");
        (exit.Code, exit.Signal, exit.Cause).ShouldBe((7, null, ExecCause.Cancelled));
        events.OfType<ExecEvent.Warning>().Single().Kind.ShouldBe(ExecWarningKind.Cancelled);
        rig.Audit.Events.OfType<AuditEvent.Exit>().Single().Cause.ShouldBe("cancelled");
        (rig.Sessions.Report().SessionsCancelled, rig.Sessions.Report().SessionsCompleted).ShouldBe((1, 0));
    }

    [Fact]
    public async Task What_ignores_TERM_is_killed_five_seconds_later()
    {
        await using var rig = new ExecRig();
        var session = await ReadyAsync(rig, Stubborn);
        rig.Sessions.Cancel(session.RequestId);
        rig.Time.Advance(TimeSpan.FromSeconds(4.9));
        ExecRig.IsAlive(session.Pid).ShouldBeTrue();
        rig.Time.Advance(TimeSpan.FromSeconds(0.2));
        var (_, exit) = await ExecRig.CollectAsync(session);
        (exit.Code, exit.Signal, exit.Cause).ShouldBe((null, 9, ExecCause.Cancelled));
    }

    [Fact]
    public async Task The_duration_is_warned_of_then_TERM_shortly_before_max_then_KILL_at_max()
    {
        await using var rig = new ExecRig().Set("max_duration_secs: 100").Set("warn_duration_secs: 60");
        var session = await ReadyAsync(rig, Stubborn.Replace("''", "'echo term'", StringComparison.Ordinal).Replace("sleep 1000", "while :; do sleep 1000 >/dev/null 2>&1 & wait $!; done", StringComparison.Ordinal));
        rig.Time.Advance(TimeSpan.FromSeconds(94));
        rig.Sessions.Report().RecentWarnings.Single().Kind.ShouldBe("duration_approaching_cap");
        rig.Time.Advance(TimeSpan.FromSeconds(2));
        await ExecRig.UntilAsync(session, "term");
        ExecRig.IsAlive(session.Pid).ShouldBeTrue();
        rig.Time.Advance(TimeSpan.FromSeconds(4));
        var (_, exit) = await ExecRig.CollectAsync(session);
        (exit.Signal, exit.Cause, exit.Duration).ShouldBe((9, ExecCause.Timeout, TimeSpan.FromSeconds(100)));
        var report = rig.Sessions.Report();
        (report.CapBreaches["duration"], report.CapWarnings["duration"], report.SessionsCompleted).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task The_timeout_of_the_request_counts_where_it_is_shorter()
    {
        await using var rig = new ExecRig();
        var session = await ReadyAsync(rig, Stubborn, static r => r with { Timeout = Second });
        rig.Time.Advance(Second);
        (await session.Completion.Soon()).Cause.ShouldBe(ExecCause.Timeout);
    }

    [Fact]
    public async Task A_lease_that_is_not_renewed_ends_the_session()
    {
        await using var rig = new ExecRig();
        var session = await ReadyAsync(rig, Polite, static r => r with { Lease = 10 * Second });
        rig.Time.Advance(9 * Second);
        rig.Sessions.RenewLease(session.RequestId, 10 * Second, ExecRig.Agent).ShouldBeTrue();
        rig.Sessions.RenewLease(session.RequestId, 10 * Second, "another agent").ShouldBeFalse();
        rig.Time.Advance(9 * Second);
        ExecRig.IsAlive(session.Pid).ShouldBeTrue();
        rig.Time.Advance(Second);
        var (events, exit) = await ExecRig.CollectAsync(session);
        exit.Cause.ShouldBe(ExecCause.LeaseExpired);
        events.OfType<ExecEvent.Warning>().Single().Kind.ShouldBe(ExecWarningKind.LeaseExpired);
    }

    [Fact]
    public async Task A_broken_connection_ends_its_sessions_and_no_others()
    {
        await using var rig = new ExecRig();
        var script = rig.Script(Polite);
        var first = await ReadyAsync(rig, script, "one");
        var second = await ReadyAsync(rig, script, "two");
        rig.Sessions.Disconnect("one").ShouldBe(1);
        (await first.Completion.Soon()).Cause.ShouldBe(ExecCause.PeerDisconnected);
        ExecRig.IsAlive(second.Pid).ShouldBeTrue();
        rig.Sessions.Active.ShouldBe([second]);
    }

    [Fact]
    public async Task Fault_4_idle_has_its_own_cause_and_output_puts_it_off()
    {
        await using var rig = new ExecRig().Set("max_idle_secs: 10");
        var session = await ReadyAsync(rig, Polite);
        rig.Time.Advance(9 * Second);
        rig.Sessions.RenewLease(session.RequestId, Second).ShouldBeFalse("it has no lease, but somebody is there");
        rig.Time.Advance(9 * Second);
        ExecRig.IsAlive(session.Pid).ShouldBeTrue();
        rig.Time.Advance(Second);
        var exit = await session.Completion.Soon();
        exit.Cause.ShouldBe(ExecCause.Idle);
        rig.Audit.Events.OfType<AuditEvent.Exit>().Single().Cause.ShouldBe("idle");
        rig.Audit.Events.OfType<AuditEvent.Warning>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Fault_4_shutdown_has_its_own_cause_and_kills_at_once()
    {
        await using var rig = new ExecRig();
        var session = await ReadyAsync(rig, Stubborn);
        await rig.Sessions.ShutdownAsync().Soon();
        var exit = await session.Completion;
        (exit.Signal, exit.Cause).ShouldBe((9, ExecCause.Shutdown));
        rig.Audit.Events.OfType<AuditEvent.Exit>().Single().Cause.ShouldBe("shutdown");
        (await rig.DeniedAsync(ExecRig.Request(session.Argv[0]))).Reason.ShouldBe(ExecDenial.ShuttingDown);
    }

    [Fact]
    public async Task Fault_6_signals_reach_the_whole_group()
    {
        await using var rig = new ExecRig();
        var session = await rig.RunningAsync(ExecRig.Request(rig.Script("sh -c 'echo child $$; sleep 1000' & sleep 1000")));
        var child = await NumberAsync(session, "child ");
        rig.Sessions.Cancel(session.RequestId);
        (await session.Completion.Soon()).Signal.ShouldBe(15);
        await ExecRig.EventuallyAsync(() => !ExecRig.IsAlive(child));
    }

    [Fact]
    public async Task Fault_6_a_grandchild_that_keeps_stdout_open_does_not_hang_the_session_and_is_killed()
    {
        await using var rig = new ExecRig();
        var session = await rig.RunningAsync(ExecRig.Request(rig.Script("sh -c 'echo child $$; sleep 1000' & read x < /dev/null; sleep 0.05; exit 0")));
        var child = await NumberAsync(session, "child ");
        await ExecRig.EventuallyAsync(() => !ExecRig.IsAlive(session.Pid));
        await AdvanceUntilAsync(rig, session);
        (await session.Completion).Code.ShouldBe(0);
        await ExecRig.EventuallyAsync(() => !ExecRig.IsAlive(child));
    }

    [Fact]
    public async Task Fault_6_a_grandchild_that_left_the_group_with_stdout_does_not_hang_the_session()
    {
        await using var rig = new ExecRig();
        var session = await rig.RunningAsync(ExecRig.Request(rig.Script("setsid sh -c 'echo child $$; sleep 1000' & read x < /dev/null; sleep 0.05; exit 0")));
        var child = await NumberAsync(session, "child ");
        try
        {
            await AdvanceUntilAsync(rig, session);
            var exit = await session.Completion;
            (exit.Code, exit.Truncated).ShouldBe((0, true));
            rig.Sessions.Active.ShouldBeEmpty();
        }
        finally
        {
            _ = DevOpsAgent.Exec.Native.Libc.kill(-child, 9); // it leads a group of its own
        }
    }

    [Fact]
    public async Task Another_agents_session_can_not_be_cancelled()
    {
        await using var rig = new ExecRig();
        var session = await ReadyAsync(rig, Polite);
        rig.Sessions.Cancel(session.RequestId, agentId: new string('c', 64)).ShouldBeFalse();
        rig.Sessions.Cancel(ExecRequestId.New()).ShouldBeFalse();
        ExecRig.IsAlive(session.Pid).ShouldBeTrue();
    }

    [Fact]
    public async Task A_cancel_while_it_is_being_started_ends_it_as_soon_as_it_runs()
    {
        await using var rig = new ExecRig();
        var asked = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        rig.Audit.Before = e =>
        {
            asked.TrySetResult();
            return e is AuditEvent.Request ? go.Task : Task.CompletedTask;
        };
        var request = ExecRig.Request(rig.Script("sleep 1000"));
        var starting = rig.StartAsync(request);
        await asked.Task;
        rig.Sessions.Cancel(request.RequestId).ShouldBeTrue();
        go.SetResult();
        var session = (await starting).ShouldBeOfType<ExecStart.Running>().Session;
        (await session.Completion.Soon()).Cause.ShouldBe(ExecCause.Cancelled);
    }

    /// <summary>The graces run on the clock of the test.</summary>
    private static async Task AdvanceUntilAsync(ExecRig rig, ExecSession session) => await ExecRig.EventuallyAsync(() =>
    {
        rig.Time.Advance(TimeSpan.FromMilliseconds(1));
        return session.Completion.IsCompleted;
    });

    private static async Task<int> NumberAsync(ExecSession session, string after)
    {
        using var enough = new CancellationTokenSource(ExecRig.Patience);
        while (true)
        {
            if (await session.Events.ReadAsync(enough.Token) is ExecEvent.Output output)
            {
                return int.Parse(ExecRig.Text([output], ExecStream.Stdout)[after.Length..], System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }

    private static Task<ExecSession> ReadyAsync(ExecRig rig, string body, Func<ExecRequest, ExecRequest>? change = null) =>
        ReadyAsync(rig, (change ?? (static r => r))(ExecRig.Request(rig.Script(body))));

    private static Task<ExecSession> ReadyAsync(ExecRig rig, string script, string connection) =>
        ReadyAsync(rig, ExecRig.Request(script) with { Connection = connection });

    private static async Task<ExecSession> ReadyAsync(ExecRig rig, ExecRequest request)
    {
        var session = await rig.RunningAsync(request);
        await ExecRig.UntilAsync(session, "ready");
        return session;
    }
}
