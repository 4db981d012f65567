using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.Cli;

public sealed class ExplainAndRulesTests : IDisposable
{
    private static readonly string Cases = Path.Combine(AppContext.BaseDirectory, "Cases", "detection");
    private static readonly string Log = Path.Combine(Cases, "backup-hunter", "lines.jsonl");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Explain_says_which_rule_fired_and_how_far_the_others_were()
    {
        var (exit, text, error) = await Run("explain", "198.51.100.7", "--log", Log);
        exit.ShouldBe(ExitCode.FoundOrRefused, error);
        text.ShouldStartWith("198.51.100.7: ");
        text.ShouldContain("(secrets-scan, block): fired at ");
        text.ShouldContain("within ");
    }

    [Fact]
    public async Task Explain_reads_a_line_and_goes_on_with_its_client()
    {
        var line = File.ReadLines(Log).First(static l => l.Contains("198.51.100.7"));
        var (_, text, error) = await Run("explain", line, "--log", Log, "--json");
        error.ShouldBeEmpty();
        var root = JsonDocument.Parse(text).RootElement;
        root.GetProperty("line").GetProperty("client").GetString().ShouldBe("198.51.100.7");
        root.GetProperty("line").GetProperty("format").GetString().ShouldBe("json");
        root.GetProperty("rules").EnumerateArray().ShouldContain(static r => r.GetProperty("fired").GetBoolean());
    }

    [Fact]
    public async Task A_client_that_is_not_in_the_log_is_no_fault()
    {
        var (exit, text, _) = await Run("explain", "203.0.113.200", "--log", Log);
        exit.ShouldBe(ExitCode.Fine);
        text.ShouldContain("203.0.113.200 has no requests in these logs.");
    }

    /// <summary>The attack: a line whose path would clear the screen of whoever looks into it.</summary>
    [Fact]
    public async Task A_hostile_line_is_shown_as_text()
    {
        var (_, text, error) = await Run("explain", """{"ClientHost":"203.0.113.7","StartUTC":"2026-11-21T07:00:00Z","RequestMethod":"GET","RequestPath":"/\u001b[2J\u202e","DownstreamStatus":404,"Duration":1}""");
        error.ShouldBeEmpty();
        text.ShouldContain("/\\x1b[2J\\u202e");
    }

    [Theory]
    [InlineData("203.0.113.7", ExitCode.Usage)]
    [InlineData("203.0.113.7 --log -", ExitCode.Usage)]
    [InlineData("203.0.113.7 --log /no/such/file", ExitCode.Dependency)]
    public async Task Explain_needs_files(string arguments, int expected) =>
        (await Run(["explain", .. arguments.Split(' ')])).Exit.ShouldBe(expected);

    [Fact]
    public async Task Every_rule_of_the_list_can_be_shown()
    {
        var items = JsonDocument.Parse((await Run("rules", "list", "-o", "json")).Out).RootElement.GetProperty("items");
        items.GetArrayLength().ShouldBeGreaterThan(5);
        foreach (var id in items.EnumerateArray().Select(static r => r.GetProperty("id").GetString()!))
        {
            (await Run("rules", "show", id)).Out.ShouldStartWith(id + " (version ");
        }

        (await Run("rules", "list")).Out.Split('\n').ShouldAllBe(static l => l.Length <= 80);
    }

    [Fact]
    public async Task A_rule_test_passes_or_says_why_not()
    {
        (await Run("rules", "test", Path.Combine(Cases, "backup-hunter"))).ShouldBe((ExitCode.Fine, "passed  backup-hunter\n1 passed, 0 failed\n", ""));
        var wrong = Directory.CreateDirectory(Path.Combine(_folder.Path, "wrong")).FullName;
        File.Copy(Log, Path.Combine(wrong, "lines.jsonl"));
        await File.WriteAllTextAsync(Path.Combine(wrong, "expected.yaml"), "incidents: []\n", TestContext.Current.CancellationToken);
        var (exit, text, _) = await Run("rules", "test", wrong);
        exit.ShouldBe(ExitCode.FoundOrRefused);
        text.ShouldContain("FAILED  wrong");
    }

    [Fact]
    public async Task Config_check_reads_the_rules_too()
    {
        var rules = _folder.Write("rules.yaml", "rules:\n- id: x\n  tresholds: 1\n");
        var (exit, _, error) = await TestTerminal.RunAsync(TestTerminal.Of(("DEVOPS_AGENT_DETECTION_RULES", rules)), "config", "check");
        exit.ShouldBe(ExitCode.Usage);
        error.ShouldContain(rules);
    }

    private Task<(int Exit, string Out, string Error)> Run(params string[] arguments) =>
        TestTerminal.RunAsync(TestTerminal.Of(("DEVOPS_AGENT_DATABASE_PATH", Path.Combine(_folder.Path, "agent.db"))), arguments);
}
