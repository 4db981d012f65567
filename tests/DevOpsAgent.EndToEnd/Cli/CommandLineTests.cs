using System.Text.Json;

namespace DevOpsAgent.EndToEnd.Cli;

/// <summary>The built program as scripts use it: streams, exit codes, signals.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Help_and_version_work_without_anything_around()
    {
        var (exit, output, errors) = await AgentProcess.RunAsync(["--help"], directory: _folder);
        (exit, errors).ShouldBe((0, ""));
        output.ShouldContain("incidents");
        (await AgentProcess.RunAsync(["--version"], directory: _folder)).Output.ShouldStartWith("devops-agent ");
        Directory.EnumerateFileSystemEntries(_folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Wrong_usage_ends_with_2_and_writes_to_standard_error_only()
    {
        var (exit, output, errors) = await AgentProcess.RunAsync(["incidnts"]);
        (exit, output).ShouldBe((2, ""));
        errors.ShouldContain("did you mean 'incidents'?");
    }

    [Fact]
    public async Task A_wrong_configuration_starts_nothing_and_ends_with_2()
    {
        var (exit, output, errors) = await AgentProcess.RunAsync([], Variables(("DEVOPS_AGENT_MOED", "auto")), _folder);
        (exit, output).ShouldBe((2, ""));
        errors.ShouldContain("DEVOPS_AGENT_MOED: sets no known key; did you mean DEVOPS_AGENT_MODE?");
        Directory.EnumerateFileSystemEntries(_folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Json_is_pure_and_there_is_no_colour_in_a_pipe()
    {
        await AgentProcess.RunAsync(["blocks", "add", "203.0.113.9", "--by", "ada"], Database());
        var (exit, output, errors) = await AgentProcess.RunAsync(["blocks", "list", "--all", "--json"], Database());
        (exit, errors).ShouldBe((0, ""));
        JsonDocument.Parse(output).RootElement.GetProperty("items").GetArrayLength().ShouldBe(1);
        (await AgentProcess.RunAsync(["blocks", "list", "--all"], Database())).Output.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task A_block_by_hand_is_on_disk_when_the_command_ends()
    {
        var target = Directory.CreateDirectory(Path.Combine(_folder, "dynamic")).FullName;
        var variables = Database();
        variables["DEVOPS_AGENT_BLOCKING_DIRECTORY"] = target;
        var (exit, output, errors) = await AgentProcess.RunAsync(["blocks", "add", "203.0.113.9", "--by", "ada"], variables);
        exit.ShouldBe(0, errors);
        output.ShouldContain("Undo: devops-agent blocks remove 1");
        File.ReadAllText(Path.Combine(target, "devops-agent.yaml")).ShouldContain("203.0.113.9");
        (await AgentProcess.RunAsync(["blocks", "remove", "1", "--by", "ada"], variables)).Exit.ShouldBe(0);
        File.Exists(Path.Combine(target, "devops-agent.yaml")).ShouldBeFalse();
    }

    [Theory]
    [InlineData(AgentProcess.SigInt)]
    [InlineData(AgentProcess.SigTerm)]
    public async Task Watching_shows_changes_and_a_signal_ends_it_cleanly(int signal)
    {
        await AgentProcess.RunAsync(["mode", "set", "review"], Database());
        await using var watching = AgentProcess.Start(["blocks", "list", "-w"], Database());
        await watching.WaitForAsync("RANGE");
        await AgentProcess.RunAsync(["blocks", "add", "203.0.113.9", "--by", "ada"], Database());
        await watching.WaitForAsync("203.0.113.9");
        watching.Signal(signal);
        (await watching.ExitAsync()).ShouldBe(0);
        watching.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_list_can_be_imported_from_a_pipe()
    {
        var (exit, output, errors) = await AgentProcess.RunAsync(["allowlist", "import", "-", "--by", "ada"], Database(), input: "ip_or_cidr,description\n203.0.113.0/24,office\n");
        exit.ShouldBe(0, errors);
        output.ShouldStartWith("1 added");
    }

    private Dictionary<string, string> Database() => Variables(("DEVOPS_AGENT_DATABASE_PATH", Path.Combine(_folder, "agent.db")));

    private static Dictionary<string, string> Variables(params (string Name, string Value)[] variables) =>
        variables.ToDictionary(static v => v.Name, static v => v.Value, StringComparer.Ordinal);
}
