using System.Text.Json;

namespace DevOpsAgent.EndToEnd.Exec;

/// <summary>What is permitted runs, over the socket and over HTTPS, and ends in every way in which it can.</summary>
[Collection(ProcessTests.Name)]
public sealed class ExecRunTests : IAsyncDisposable
{
    private readonly ExecRig _rig = new(more: "lease: 2s");

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Output_and_exit_code_come_through_on_both_ways()
    {
        await _rig.ServeAsync();
        await _rig.TrustAsync();
        foreach (var run in new Func<string[], Task<(int, string, string)>>[] { _rig.RunAsync, _rig.RemoteAsync })
        {
            (await run(["/bin/echo", "hello"])).ShouldBe((0, "hello\n", ""));
            (await run([_rig.Program("streams")])).ShouldBe((7, "out\0\n", "err\n"));
            (await run([_rig.Program("killed")])).ShouldBe((128 + 9, "", ""));
        }

        var input = new string('x', 300_000);
        var (exit, output, _) = await AgentProcess.RunAsync([.. _rig.Remote, "--stdin", "-", "--", "/bin/cat"], input: input);
        exit.ShouldBe(0);
        output.TrimEnd('\n').ShouldBe(input);
        _rig.Audit("request").Count.ShouldBe(7);
        _rig.Audit("exit").Count.ShouldBe(7);
        _rig.Audit("request")[^1].GetProperty("matched_acl").GetString().ShouldBe("from elsewhere");
    }

    [Fact]
    public async Task A_caller_that_reads_keeps_its_command_alive_beyond_the_lease()
    {
        await _rig.ServeAsync();
        (await _rig.RunAsync("/bin/sleep", "5")).Exit.ShouldBe(0);
        _rig.Audit("exit").ShouldHaveSingleItem().GetProperty("cause").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_whole_group_there()
    {
        await _rig.ServeAsync();
        await _rig.TrustAsync();
        var run = _rig.Start([.. _rig.Remote, "--", _rig.Program("group")]);
        await run.WaitForAsync("ready");
        run.Signal(AgentProcess.SigInt);
        (await run.ExitAsync()).ShouldBe(130);
        await GroupIsGoneAsync();
        (await _rig.ExitAsync(static _ => true)).GetProperty("cause").GetString().ShouldBe("cancelled");
    }

    [Fact]
    public async Task A_caller_that_is_killed_takes_its_command_with_it()
    {
        await _rig.ServeAsync();
        var run = _rig.Start("exec", "run", "--config", _rig.Config, "--", _rig.Program("group"));
        await run.WaitForAsync("ready");
        run.Signal(AgentProcess.SigKill);
        await GroupIsGoneAsync();
        (await _rig.ExitAsync(static _ => true)).GetProperty("cause").GetString().ShouldBe("peer_disconnected");
    }

    [Fact]
    public async Task A_caller_that_stands_still_loses_its_lease()
    {
        const int SigStop = 19;
        await _rig.ServeAsync();
        var run = _rig.Start("exec", "run", "--config", _rig.Config, "--", _rig.Program("group"));
        await run.WaitForAsync("ready");
        run.Signal(SigStop);
        await GroupIsGoneAsync();
        (await _rig.ExitAsync(static _ => true)).GetProperty("cause").GetString().ShouldBe("lease_expired");
    }

    [Fact]
    public async Task A_session_is_listed_and_ended_by_its_id()
    {
        await _rig.ServeAsync();
        var run = _rig.Start("exec", "run", "--config", _rig.Config, "--", _rig.Program("group"));
        await run.WaitForAsync("ready");
        var listed = JsonDocument.Parse((await _rig.CommandAsync("exec", "sessions", "--json")).Output).RootElement;
        var session = listed.GetProperty("sessions").EnumerateArray().ShouldHaveSingleItem();
        session.GetProperty("matched_acl").GetString().ShouldBe("on the socket");
        listed.GetProperty("diagnostics").GetProperty("active_sessions").GetInt32().ShouldBe(1);
        var id = session.GetProperty("request_id").GetString()!;
        (await _rig.CommandAsync("exec", "cancel", new string('0', 32))).Exit.ShouldBe(1);
        (await _rig.CommandAsync("exec", "cancel", id)).Exit.ShouldBe(0);
        (await run.ExitAsync()).ShouldBe(128 + 15);
        run.Errors.ShouldContain("the command was ended: cancelled");
        await GroupIsGoneAsync();
    }

    [Fact]
    public async Task A_service_that_is_stopped_kills_all_tells_its_callers_and_audits_it()
    {
        var server = await _rig.ServeAsync();
        var run = _rig.Start("exec", "run", "--config", _rig.Config, "--", _rig.Program("group"));
        await run.WaitForAsync("ready");
        server.Signal(AgentProcess.SigTerm);
        (await server.ExitAsync()).ShouldBe(0, server.Errors);
        (await run.ExitAsync()).ShouldBe(128 + 9);
        run.Errors.ShouldContain("the command was ended: shutdown");
        await GroupIsGoneAsync();
        _rig.Audit("exit").ShouldHaveSingleItem().GetProperty("cause").GetString().ShouldBe("shutdown");
        File.Exists(_rig.Socket).ShouldBeFalse();
    }

    [Fact]
    public async Task A_service_that_is_killed_starts_again_on_the_socket_that_it_left()
    {
        var server = await _rig.ServeAsync();
        var run = _rig.Start("exec", "run", "--config", _rig.Config, "--", "/bin/sleep", "3");
        await Eventually.True(() => _rig.Audit("started").Count == 1, "the command runs");
        server.Signal(AgentProcess.SigKill);
        await server.ExitAsync();
        (await run.ExitAsync()).ShouldBe(3);
        File.Exists(_rig.Socket).ShouldBeTrue();
        await _rig.ServeAsync();
        (await _rig.RunAsync("/bin/echo", "hello")).ShouldBe((0, "hello\n", ""));

        // The request of then is there without an exit: it was durable before anything ran.
        (_rig.Audit("request").Count, _rig.Audit("exit").Count).ShouldBe((2, 1));
    }

    private async Task GroupIsGoneAsync()
    {
        var (leader, child) = (_rig.PidIn("leader"), _rig.PidIn("child"));
        await Eventually.True(() => ExecRig.IsGone(leader) && ExecRig.IsGone(child), "leader and child are gone", () => _rig.Errors);
    }
}
