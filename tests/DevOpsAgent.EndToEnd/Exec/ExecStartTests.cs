using System.Text.Json;
using DevOpsAgent.App.ExecService;

namespace DevOpsAgent.EndToEnd.Exec;

/// <summary>How the service starts, and what stops it from starting.</summary>
[Collection(ProcessTests.Name)]
public sealed class ExecStartTests
{
    [Fact]
    public async Task A_malformed_acl_stops_the_start_and_names_the_line()
    {
        await using var rig = new ExecRig();
        await File.WriteAllTextAsync(rig.Acl, "exec:\n  enabled: true\n  alow: []\n", TestContext.Current.CancellationToken);
        var (exit, _, errors) = await rig.CommandAsync("exec", "serve");
        exit.ShouldBe(2);
        errors.ShouldContain($"{rig.Acl}:3:3: unknown key 'alow'");
        (File.Exists(rig.Socket), Directory.Exists(Path.Combine(rig.Folder, "audit"))).ShouldBe((false, false));
    }

    [Fact]
    public async Task A_named_acl_that_is_missing_stops_the_start()
    {
        await using var rig = new ExecRig(acl: false);
        var (exit, _, errors) = await rig.CommandAsync("exec", "serve");
        exit.ShouldBe(2);
        errors.ShouldContain("does not exist");
    }

    [Fact]
    public async Task A_disabled_policy_refuses_everything_and_writes_nothing()
    {
        await using var rig = new ExecRig();
        await File.WriteAllTextAsync(rig.Acl, "exec:\n  enabled: false\n", TestContext.Current.CancellationToken);
        var before = Directory.GetFileSystemEntries(rig.Folder).Length;
        var server = await rig.ServeAsync();
        var (exit, _, errors) = await rig.RunAsync("/bin/echo", "hello");
        exit.ShouldBe(1);
        errors.ShouldContain("Refused: exec_disabled");
        server.Signal(AgentProcess.SigTerm);
        (await server.ExitAsync()).ShouldBe(0);
        Directory.GetFileSystemEntries(rig.Folder).Length.ShouldBe(before);
    }

    [Fact]
    public async Task Root_serves_only_where_that_is_said()
    {
        Assert.SkipUnless(UnixProcess.UserId == 0, "only root can be refused as root");
        await using var rig = new ExecRig();
        await File.WriteAllTextAsync(rig.Config, (await File.ReadAllTextAsync(rig.Config, TestContext.Current.CancellationToken)).Replace("allow_root: true", "allow_root: false", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var (exit, _, errors) = await rig.CommandAsync("exec", "serve");
        exit.ShouldBe(2);
        errors.ShouldContain("exec.allow_root");
    }

    [Fact]
    public async Task A_socket_in_use_is_left_alone_and_so_is_a_plain_file()
    {
        await using var rig = new ExecRig();
        await rig.ServeAsync();
        var other = Path.Combine(rig.Folder, "other.yaml");
        await File.WriteAllTextAsync(other, (await File.ReadAllTextAsync(rig.Config, TestContext.Current.CancellationToken)).Replace("/audit", "/audit2", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var (exit, _, errors) = await AgentProcess.RunAsync(["exec", "serve", "--config", other]);
        exit.ShouldBe(3);
        errors.ShouldContain("Another service listens on " + rig.Socket);
        (await rig.RunAsync("/bin/echo", "hello")).Exit.ShouldBe(0);

        var file = Path.Combine(rig.Folder, "file");
        await File.WriteAllTextAsync(file, "precious", TestContext.Current.CancellationToken);
        (exit, _, errors) = await AgentProcess.RunAsync(["exec", "serve", "--config", other, "--socket", file]);
        exit.ShouldBe(2);
        errors.ShouldContain("is not a socket");
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ShouldBe("precious");
    }

    [Fact]
    public async Task A_directory_that_others_may_write_is_no_place_for_the_socket()
    {
        await using var rig = new ExecRig();
        var shared = Directory.CreateDirectory(Path.Combine(rig.Folder, "shared")).FullName;
        File.SetUnixFileMode(shared, (UnixFileMode)0x1FF);
        var (exit, _, errors) = await rig.CommandAsync("exec", "serve", "--socket", Path.Combine(shared, "exec.sock"));
        exit.ShouldBe(2);
        errors.ShouldContain("chmod go-w");
    }

    [Fact]
    public async Task Where_no_service_runs_the_caller_is_told_and_gets_3()
    {
        await using var rig = new ExecRig();
        var (exit, _, errors) = await rig.RunAsync("/bin/echo", "hello");
        exit.ShouldBe(3);
        errors.ShouldContain("devops-agent exec serve");
    }

    [Fact]
    public async Task Check_says_what_would_be_and_does_nothing()
    {
        await using var rig = new ExecRig();
        var (exit, output, _) = await AgentProcess.RunAsync(["exec", "check", "--config", rig.Config, "--", "/bin/echo", "hello"]);
        (exit, output).ShouldBe((0, "Allowed by the entry 'on the socket'.\n"));
        (exit, output, _) = await AgentProcess.RunAsync(["exec", "check", "--json", "--config", rig.Config, "--agent", rig.AgentId, "--", "/bin/echo", "hello"]);
        exit.ShouldBe(1);
        JsonDocument.Parse(output).RootElement.GetProperty("reason").GetString().ShouldBe("agent_machine_not_in_acl");
        (exit, _, _) = await AgentProcess.RunAsync(["exec", "check", "--config", rig.Config, "--agent", rig.AgentId, "--from", rig.ClientMachineId, "--", "/bin/sleep", "5"]);
        exit.ShouldBe(0);
        Directory.Exists(Path.Combine(rig.Folder, "audit")).ShouldBeFalse();
    }
}
