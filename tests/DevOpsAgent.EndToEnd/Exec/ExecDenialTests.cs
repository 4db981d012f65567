using System.Text;
using System.Text.Json;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.EndToEnd.Exec;

/// <summary>What is refused: by the ACL, by the limits, and of frames that are not what they should be.</summary>
[Collection(ProcessTests.Name)]
public sealed class ExecDenialTests : IAsyncDisposable
{
    private readonly ExecRig _rig = new("max_concurrent_per_agent: 1\n  max_concurrent_total: 2\n  max_stdin_bytes: 1000\n  max_duration_secs: 60");

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Each_reason_has_its_name_and_ends_with_1()
    {
        await _rig.ServeAsync();
        await RefusedAsync("argv_not_allowed", "--", "/bin/ls");
        await RefusedAsync("shell_metachar_in_argv", "--", "/bin/echo", "a;b");
        await RefusedAsync("timeout_too_large", "--timeout", "2m", "--", "/bin/echo", "hello");
        var input = Path.Combine(_rig.Folder, "input");
        await File.WriteAllTextAsync(input, new string('x', 500_000), TestContext.Current.CancellationToken);
        await RefusedAsync("stdin_too_large", "--stdin", input, "--", "/bin/cat");
        await RefusedAsync("argv_not_allowed", "--stdin", input, "--", "/bin/ls"); // the earlier check gives the reason

        _rig.Audit("request").ShouldBeEmpty();
        _rig.Audit("denial").Select(static d => d.GetProperty("reason").GetString())
            .ShouldBe(["argv_not_allowed", "shell_metachar_in_argv", "timeout_too_large", "stdin_too_large", "argv_not_allowed"]);
    }

    [Fact]
    public async Task The_limit_of_one_agent_is_not_the_other_ones()
    {
        await _rig.ServeAsync();
        await _rig.TrustAsync();
        var run = _rig.Start("exec", "run", "--config", _rig.Config, "--", _rig.Program("group"));
        await run.WaitForAsync("ready");
        await RefusedAsync("concurrency_limit_reached", "--", "/bin/echo", "hello");
        (await _rig.RemoteAsync("/bin/echo", "hello")).ShouldBe((0, "hello\n", ""));
        run.Signal(AgentProcess.SigInt);
        await run.ExitAsync();
        (await _rig.RunAsync("/bin/echo", "hello")).ShouldBe((0, "hello\n", ""));
    }

    [Fact]
    public async Task Who_is_not_trusted_gets_no_further_than_the_handshake_until_he_is()
    {
        await _rig.ServeAsync();
        var (exit, _, errors) = await _rig.RemoteAsync("/bin/echo", "hello");
        exit.ShouldBe(1);
        errors.ShouldContain("exec trust add machine.pub --machine");

        // The machine alone: its agent is refused by the frame.
        (await _rig.CommandAsync("exec", "trust", "add", Path.Combine(_rig.ClientKeys, "machine.pub"))).Exit.ShouldBe(0);
        (exit, _, errors) = await _rig.RemoteAsync("/bin/echo", "hello");
        exit.ShouldBe(1);
        errors.ShouldContain("trust_rejected (agent_not_trusted)");

        (await _rig.CommandAsync("exec", "trust", "add", Path.Combine(_rig.ClientKeys, "agent.pub"))).Exit.ShouldBe(0);
        (await _rig.RemoteAsync("/bin/echo", "hello")).Exit.ShouldBe(0);
        (await _rig.CommandAsync("exec", "trust", "remove", _rig.ClientMachineId[..12])).Exit.ShouldBe(0);
        (await _rig.RemoteAsync("/bin/echo", "hello")).Exit.ShouldBe(1);
        await Eventually.True(() => _rig.Audit("denial").Any(static d => d.GetProperty("reason").ValueEquals("trust_rejected")), "the denials are summed up");
    }

    [Fact]
    public async Task A_server_that_is_not_the_named_machine_is_asked_nothing()
    {
        await _rig.ServeAsync();
        await _rig.TrustAsync();
        var (exit, _, errors) = await AgentProcess.RunAsync(
            ["exec", "run", "--config", _rig.Config, "--url", _rig.Url.ToString(), "--machine", _rig.ClientMachineId, "--keys", _rig.ClientKeys, "--", "/bin/echo", "hello"]);
        exit.ShouldBe(1);
        errors.ShouldContain($"is {_rig.MachineId}, and not {_rig.ClientMachineId}");
    }

    [Fact]
    public async Task A_recorded_frame_is_refused_and_so_is_one_of_an_earlier_start()
    {
        var server = await _rig.ServeAsync();
        await _rig.TrustAsync();
        var (http, signer) = _rig.Client();
        var frame = signer.Sign(Echo(), await ExecRig.HelloAsync(http));
        (await ExecRig.PostAsync(http, frame)).GetProperty("event").GetString().ShouldBe("exit");
        Denied(await ExecRig.PostAsync(http, frame), "unverified_sender", "replayed");
        http.Dispose();

        server.Signal(AgentProcess.SigKill);
        await server.ExitAsync();
        await _rig.ServeAsync();
        (http, _) = _rig.Client();
        Denied(await ExecRig.PostAsync(http, frame), "unverified_sender", "earlier_start");
        http.Dispose();
        _rig.Audit("request").Count.ShouldBe(1);
    }

    [Fact]
    public async Task Frames_that_are_wrong_are_named_and_run_nothing()
    {
        await _rig.ServeAsync();
        await _rig.TrustAsync();
        var (http, signer) = _rig.Client();
        var hello = await ExecRig.HelloAsync(http);
        var late = new FixedClock(TimeProvider.System.GetUtcNow().AddMinutes(-2));
        Denied(await ExecRig.PostAsync(http, (signer with { Receiver = _rig.ClientMachineId }).Sign(Echo(), hello)), "unverified_sender", "wrong_machine");
        Denied(await ExecRig.PostAsync(http, (signer with { Time = late }).Sign(Echo(), hello)), "unverified_sender", "clock_skew");
        Denied(await ExecRig.PostAsync(http, (signer with { Agent = signer.Machine }).Sign(Echo(), hello)), "trust_rejected", "agent_not_trusted");
        Denied(await ExecRig.PostAsync(http, signer.Sign(Echo() with { StdinBytes = 5, StdinSha256 = new('0', 64) }, hello)), "unverified_sender", "bad_stdin");
        foreach (var line in new[] { "", "{}", "[[[[[[[[[[[[", new string('{', 100_000), new string('x', SignedFrame.MaxBytes + 1000) })
        {
            Denied(await ExecRig.PostAsync(http, Encoding.UTF8.GetBytes(line)), "malformed_frame", "not_a_frame");
        }

        http.Dispose();
        _rig.Audit("request").ShouldBeEmpty();
        var report = JsonDocument.Parse((await _rig.CommandAsync("exec", "sessions", "--json")).Output).RootElement.GetProperty("diagnostics").GetProperty("denial_breakdown");
        report.GetProperty("malformed_frame").GetInt32().ShouldBe(5);
        report.GetProperty("unverified_sender").GetInt32().ShouldBe(3);
        report.GetProperty("trust_rejected").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task A_used_request_id_is_refused()
    {
        await _rig.ServeAsync();
        await _rig.TrustAsync();
        var (http, signer) = _rig.Client();
        var hello = await ExecRig.HelloAsync(http);
        var call = Echo();
        (await ExecRig.PostAsync(http, signer.Sign(call, hello))).GetProperty("event").GetString().ShouldBe("exit");
        (await ExecRig.PostAsync(http, signer.Sign(call, hello))).GetProperty("reason").GetString().ShouldBe("request_id_reused");
        http.Dispose();
    }

    private static ExecCall Echo() => new() { Operation = CallOperation.Run, RequestId = Guid.NewGuid().ToString("N"), Argv = ["/bin/echo", "hello"] };

    private static void Denied(JsonElement answer, string reason, string detail) =>
        (answer.GetProperty("event").GetString(), answer.GetProperty("reason").GetString(), answer.GetProperty("detail").GetString()).ShouldBe(("denied", reason, detail));

    private async Task RefusedAsync(string reason, params string[] arguments)
    {
        var (exit, output, errors) = await AgentProcess.RunAsync(["exec", "run", "--config", _rig.Config, .. arguments]);
        (exit, output).ShouldBe((1, ""), errors);
        errors.ShouldContain("Refused: " + reason);
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
