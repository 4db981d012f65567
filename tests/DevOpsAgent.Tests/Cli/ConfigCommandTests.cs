using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.Cli;

public sealed class ConfigCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Check_says_fine()
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "config", "check");
        (exit, text, error).ShouldBe((ExitCode.Fine, "built-in configuration: fine\n", ""));
    }

    [Fact]
    public async Task Check_lists_every_problem_on_standard_error()
    {
        var file = _folder.Write("c.yaml", "mod: x\nweb: {lisen: y}\n");
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "config", "check", "--config", file);
        (exit, text).ShouldBe((ExitCode.Usage, ""));
        error.ShouldBe($"{file}:1:1: unknown key 'mod'; did you mean 'mode'?\n{file}:2:7: unknown key 'lisen' in 'web'; did you mean 'listen'?\ndevops-agent: 2 problems in the configuration; nothing was started\n");
    }

    [Fact]
    public async Task Check_as_json()
    {
        var file = _folder.Write("c.yaml", "mod: x\n");
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "config", "check", "-c", file, "-o", "json");
        (exit, error).ShouldBe((ExitCode.Usage, ""));
        var root = JsonDocument.Parse(text).RootElement;
        root.GetProperty("ok").GetBoolean().ShouldBeFalse();
        root.GetProperty("problems")[0].GetProperty("line").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Warnings_do_not_fail()
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(("DEVOPS_AGENT_MODE", "auto")), "config", "check");
        (exit, text).ShouldBe((ExitCode.Fine, "built-in configuration: fine, 1 warning\n"));
        error.ShouldStartWith("warning: DEVOPS_AGENT_MODE: ");
    }

    /// <summary>The attack: a file from elsewhere (a pull request) whose keys would rewrite the reviewer's screen.</summary>
    [Fact]
    public async Task A_problem_can_not_steer_the_terminal()
    {
        var file = _folder.Write("c.yaml", "\"\\e[2J\": 1\n");
        (await TestTerminal.RunAsync(TestTerminal.Of(), "config", "check", "-c", file)).Error.ShouldContain("unknown key '\\x1b[2J'");
    }

    /// <summary>Each flag of the service, the key it sets, and what else follows from it.</summary>
    [Theory]
    [InlineData("--mode auto", "mode", "auto", "--mode")]
    [InlineData("--serve-spa", "web.serve", "True", "--serve-spa")]
    [InlineData("--listen 127.0.0.1:1", "web.listen", "127.0.0.1:1", "--listen")]
    [InlineData("--llm-url http://x/", "llm.url", "http://x/", "--llm-url")]
    [InlineData("--llm-url http://x/", "llm.service_type", "url", "--llm-url")]
    [InlineData("--llm-provider openai --llm-api-key k", "llm.provider", "openai", "--llm-provider")]
    [InlineData("--llm-provider openai --llm-api-key k", "llm.api_key", "***", "--llm-api-key")]
    [InlineData("--llm-provider openai --llm-api-key k", "llm.service_type", "api_key", "--llm-provider")]
    [InlineData("--llm-provider openai --llm-api-key k", "llm.base_url", "", "--llm-provider")]
    public async Task Flags_win_over_environment_and_file(string flags, string key, string value, string origin)
    {
        var file = _folder.Write("c.yaml", "mode: disabled\nllm: {service_type: url, url: http://file/, base_url: http://other/}\nweb: {listen: 127.0.0.1:2}\n");
        var terminal = TestTerminal.Of(("DEVOPS_AGENT_MODE", "review"), ("DEVOPS_AGENT_WEB_SERVE", "false"));
        var (exit, text, error) = await TestTerminal.RunAsync(terminal, ["config", "show", "--json", "--config", file, .. flags.Split(' ')]);
        exit.ShouldBe(ExitCode.Fine, error);
        var shown = JsonDocument.Parse(text).RootElement.GetProperty("values").EnumerateArray().Single(v => v.GetProperty("key").GetString() == key);
        (shown.GetProperty("value").ToString(), shown.GetProperty("origin").GetString()).ShouldBe((value, origin));
    }

    [Fact]
    public async Task Logs_may_be_given_several_times()
    {
        var (_, text, _) = await TestTerminal.RunAsync(TestTerminal.Of(), "config", "show", "--log", "a.log", "--log", "-");
        text.ShouldContain("  - path: a.log\n");
        text.ShouldContain("  - path: \"-\"\n");
    }

    [Fact]
    public async Task The_file_may_come_from_the_environment()
    {
        var file = _folder.Write("c.yaml", "mode: disabled\n");
        (await TestTerminal.RunAsync(TestTerminal.Of(("DEVOPS_AGENT_CONFIG", file)), "config", "show")).Out.ShouldContain($"# {file}:1");
    }

    [Fact]
    public async Task A_wrong_configuration_stops_every_command_with_exit_code_2() =>
        (await TestTerminal.RunAsync(TestTerminal.Of(("DEVOPS_AGENT_MOED", "x")), "config", "show")).Exit.ShouldBe(ExitCode.Usage);
}
