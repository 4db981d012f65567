namespace DevOpsAgent.EndToEnd;

/// <summary>The first command that somebody runs.</summary>
[Collection(ProcessTests.Name)]
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_finds_clients_approves_one_shows_the_file_and_leaves_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("devops-agent-demo-test-").FullName;
        try
        {
            var (exit, output, errors) = await AgentProcess.RunAsync(
                ["demo", "--no-wait", "--seconds", "1", "--listen", "127.0.0.1:0"], new Dictionary<string, string>(StringComparer.Ordinal) { ["TMPDIR"] = folder });
            exit.ShouldBe(0, errors);
            output.ShouldMatch(@"The page: http://127\.0\.0\.1:\d+");
            output.ShouldMatch(@"Found \d+ clients to block");
            output.ShouldContain("Nothing is blocked yet: mode review waits for a person.");
            output.ShouldContain("incidents approve");
            output.ShouldContain("devops-agent.yaml, as Traefik reads it:");
            output.ShouldContain("ClientIP(`");
            output.ShouldNotContain("\u001b");
            Directory.EnumerateFileSystemEntries(folder, "devops-agent*").ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Ctrl_C_ends_a_demo_that_waits_and_removes_its_directory()
    {
        var folder = Directory.CreateTempSubdirectory("devops-agent-demo-test-").FullName;
        try
        {
            await using var demo = AgentProcess.Start(
                ["demo", "--seconds", "0", "--listen", "127.0.0.1:0"], new Dictionary<string, string>(StringComparer.Ordinal) { ["TMPDIR"] = folder });
            await demo.WaitForAsync("Waiting for your decision");
            demo.Signal(AgentProcess.SigInt);
            (await demo.ExitAsync()).ShouldBeOneOf(0, 130);
            Directory.EnumerateFileSystemEntries(folder, "devops-agent*").ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
