using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;

namespace DevOpsAgent.Tests.Exec;

public sealed class ExecJudgeTests
{
    /// <summary>
    /// Each way to be wrong, in the order of the checks. A request is made wrong by one way and all after it at once, as far as
    /// they can stand together: the first must be the reason.
    /// </summary>
    private static readonly (ExecDenial Reason, Func<ExecRequest, ExecRequest> Spoil)[] Order =
    [
        (ExecDenial.UnverifiedSender, static r => r with { Sender = r.Sender with { Standing = SenderStanding.Unverified } }),
        (ExecDenial.TrustRejected, static r => r with { Sender = r.Sender with { Standing = SenderStanding.Untrusted } }),
        (ExecDenial.ExecDisabled, static r => r),
        (ExecDenial.ArgvNotAllowed, static r => r with { Argv = [] }),
        (ExecDenial.CwdNotAllowed, static r => r with { Cwd = "/" }),
        (ExecDenial.ShellMetacharInArgv, static r => r with { Argv = ["/bin/true", "a;b"] }),
        (ExecDenial.AgentMachineNotInAcl, static r => r with { Sender = r.Sender with { MachineId = new('c', 64) } }),
        (ExecDenial.ArgvNotAllowed, static r => r with { Argv = ["/bin/true", "unlisted"] }),
        (ExecDenial.StdinTooLarge, static r => r with { Stdin = new byte[9] }),
        (ExecDenial.TimeoutTooLarge, static r => r with { Timeout = TimeSpan.FromSeconds(11) }),
        (ExecDenial.ConcurrencyLimitReached, static r => r),
    ];

    public static TheoryData<int, string> Cases => [.. Order.Select(static (o, i) => (i, o.Reason.Wire()))];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_first_check_that_fails_is_the_reason(int first, string reason)
    {
        await using var rig = new ExecRig().Set("max_stdin_bytes: 8").Set("max_duration_secs: 10").Set("max_concurrent_total: 1").Set("max_concurrent_per_agent: 1")
            .Allow("[/bin/true]").Allow("[/bin/sleep, <INT>]");

        // What comes last is applied first, so that an earlier way to be wrong in the same field wins it.
        var request = ExecRig.Request("/bin/true");
        for (var i = Order.Length - 1; i >= first; i--)
        {
            request = Order[i].Spoil(request);
        }

        if (Order[first].Reason == ExecDenial.ExecDisabled)
        {
            await using var disabled = new ExecSessions(new ExecPolicy.Disabled("acl", default, DisabledReason.AclMissing), rig.Audit, rig.Time);
            disabled.Judge(request)!.Reason.Wire().ShouldBe(reason);
            return;
        }

        // The only slot is taken.
        await rig.RunningAsync(ExecRig.Request("/bin/sleep", "1000"));
        rig.Sessions.Judge(request)!.Reason.Wire().ShouldBe(reason);
        rig.Sessions.Judge(request)!.Text.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task What_fails_nothing_is_not_refused()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        rig.Sessions.Judge(ExecRig.Request("/bin/true")).ShouldBeNull();
    }

    [Fact]
    public async Task The_limits_themselves_are_allowed()
    {
        await using var rig = new ExecRig().Set("max_stdin_bytes: 8").Set("max_duration_secs: 10").Allow("[/bin/true]");
        rig.Sessions.Judge(ExecRig.Request("/bin/true") with { Stdin = new byte[8], Timeout = TimeSpan.FromSeconds(10) }).ShouldBeNull();
    }

    [Fact]
    public async Task A_denial_leaves_the_judge_as_it_was()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        rig.Sessions.Judge(ExecRig.Request("/bin/false")).ShouldNotBeNull();
        rig.Sessions.Report().RequestsReceived.ShouldBe(0);
        rig.Audit.Events.ShouldBeEmpty();
    }
}
