using System.Text;
using System.Text.Json;
using DevOpsAgent.Exec;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Tests.Exec;

public sealed class RunCommandToolTests
{
    private static readonly Caller Model = new("model test", "model", "service", CallerKind.Model);

    [Fact]
    public async Task A_model_names_a_command_and_fills_its_templates_and_gets_the_output()
    {
        await using var rig = new ExecRig().Allow("[/bin/echo, n, <INT>, \"http://h<URL_PATH>\"]");
        var tool = Tool(rig);
        var request = tool.Bind(Json("""{"command":"ops","arguments":["42","/x"],"timeout":"10s"}"""), Model);
        request.Argv.ShouldBe(["/bin/echo", "n", "42", "http://h/x"]);
        (request.Sender, request.Timeout).ShouldBe((new(ExecRig.Agent, ExecRig.Machine, SenderStanding.Trusted), TimeSpan.FromSeconds(10)));

        var result = (await tool.RunAsync([rig.Gateway.Permit(request)], CancellationToken.None)).Single();
        result.Succeeded.ShouldBeTrue();
        var output = result.Output!.Value;
        output.GetProperty("stdout").GetString().ShouldBe("n 42 http://h/x\n");
        output.GetProperty("code").GetInt32().ShouldBe(0);
        output.GetProperty("request_id").GetString().ShouldBe(request.RequestId.ToString());
    }

    [Theory]
    [InlineData("""{"command":"/bin/sh"}""")]
    [InlineData("""{"command":"ops","arguments":["-c"]}""")]
    [InlineData("""{"command":"ops","arguments":["1;2"]}""")]
    [InlineData("""{"command":"ops","arguments":["0"]}""")]
    [InlineData("""{"command":"ops","arguments":["1","2"]}""")]
    [InlineData("""{"command":"ops"}""")]
    [InlineData("""{"command":"ops","arguments":["1"],"stdin_sha256":"00"}""")]
    [InlineData("""{"command":"ops","arguments":["1"],"request_id":"00"}""")]
    public async Task A_model_can_name_nothing_that_the_ACL_does_not_allow(string parameters)
    {
        await using var rig = new ExecRig().Allow("[/bin/sleep, <INT>]");
        Should.Throw<FormatException>(() => Tool(rig).Bind(Json(parameters), Model)).Message.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task The_schema_has_no_field_for_an_argv_a_directory_or_standard_input()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]").Allow("[/bin/sleep, <INT>]");
        var tool = Tool(rig);
        tool.Schema.Fields.Select(static f => f.Name).ShouldBe(["arguments", "command", "request_id", "stdin_sha256", "timeout"]);
        tool.Description.ShouldContain("ops/1 = /bin/true; ops/2 = /bin/sleep <INT>");
    }

    [Fact]
    public async Task A_request_is_written_as_name_and_arguments_and_one_that_is_not_allowed_without_its_argv()
    {
        await using var rig = new ExecRig().Allow("[/bin/sleep, <INT>]");
        var tool = Tool(rig);
        var request = ExecRig.Request("/bin/sleep", "7") with { Timeout = TimeSpan.FromSeconds(9), Stdin = new byte[1] };
        Written(tool, request).ShouldBe($$"""{"arguments":["7"],"command":"ops","request_id":"{{request.RequestId}}","stdin_sha256":"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d","timeout":"9s"}""");
        Written(tool, request with { Argv = ["mysql", "-psecret"], Stdin = default, Timeout = default })
            .ShouldBe($$"""{"arguments":[],"command":"(not in the ACL)","request_id":"{{request.RequestId}}"}""");
    }

    [Fact]
    public async Task The_guard_denies_with_the_reason_and_counts_and_allows_with_evidence()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        var tool = Tool(rig);
        var guard = new ExecAclGuard(rig.Sessions);
        guard.Judges(tool).ShouldBeTrue();
        var denied = await guard.EvaluateAsync(Context(tool, ExecRig.Request("/bin/false")), CancellationToken.None);
        (denied.Verdict, denied.Code).ShouldBe((Verdict.Deny, "argv_not_allowed"));
        rig.Sessions.Report().RequestsDenied.ShouldBe(1);

        var allowed = await guard.EvaluateAsync(Context(tool, ExecRig.Request("/bin/true")), CancellationToken.None);
        allowed.Verdict.ShouldBe(Verdict.Allow);
        allowed.Evidence.ShouldContain(new GuardEvidence("exec_acl", "entry", "ops"));
        (await guard.EvaluateAsync(Context(tool, "no request"), CancellationToken.None)).Verdict.ShouldBe(Verdict.Deny);
        rig.Sessions.Report().RequestsReceived.ShouldBe(1, "an allowed one is counted when it is started");
    }

    [Fact]
    public async Task A_command_that_fails_is_no_success_and_a_caller_that_gives_up_ends_it()
    {
        await using var rig = new ExecRig();
        var script = rig.Script("echo sad >&2; exit 3");
        var sleeper = rig.Script("sleep 1000", "sleeper");
        var tool = Tool(rig);
        var failed = (await tool.RunAsync([rig.Gateway.Permit(ExecRig.Request(script))], CancellationToken.None)).Single();
        (failed.Succeeded, failed.Output!.Value.GetProperty("stderr").GetString()).ShouldBe((false, "sad\n"));
        failed.Text.ShouldContain("ended with code 3");

        using var gone = new CancellationTokenSource();
        var running = tool.RunAsync([rig.Gateway.Permit(ExecRig.Request(sleeper))], gone.Token);
        await ExecRig.EventuallyAsync(() => rig.Sessions.Active.Count == 1);
        await gone.CancelAsync();
        (await running.Soon()).Single().Text.ShouldContain("(cancelled)");
    }

    [Fact]
    public async Task One_that_is_denied_at_the_start_says_why()
    {
        await using var rig = new ExecRig();
        var script = rig.Script("true");
        var tool = Tool(rig);
        File.Delete(script);
        var result = (await tool.RunAsync([rig.Gateway.Permit(ExecRig.Request(script))], CancellationToken.None)).Single();
        (result.Succeeded, result.Output).ShouldBe((false, null));
        result.Text.ShouldStartWith("Not run (spawn_failed): ");
    }

    private static RunCommandTool Tool(ExecRig rig) => new(rig.Sessions, ExecRig.Agent, ExecRig.Machine);

    private static GuardContext Context(Tool tool, object request) => new(tool, request, default, Model, null, DateTimeOffset.UnixEpoch);

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private static string Written(RunCommandTool tool, ExecRequest request)
    {
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory))
        {
            tool.Write(request, writer);
        }

        return Encoding.UTF8.GetString(memory.ToArray());
    }
}
