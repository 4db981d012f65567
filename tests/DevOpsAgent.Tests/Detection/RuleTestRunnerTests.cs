using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Tests.Detection;

public sealed class RuleTestRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-rules-").FullName;

    public static TheoryData<string> Cases => [.. Directory.EnumerateDirectories(Root).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    private static string Root => Path.Combine(AppContext.BaseDirectory, "Cases", "detection");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Built_in_rules_judge_each_case_as_expected(string name) =>
        RuleTestRunner.Run(Path.Combine(Root, name), new()).Failures.ShouldBeEmpty();

    [Fact]
    public void A_folder_of_cases_runs_all_of_them() =>
        RuleTestRunner.RunAll(Root, new DetectionConfig()).Count.ShouldBe(Cases.Count);

    [Fact]
    public void What_is_missing_or_wrong_is_said()
    {
        RuleTestRunner.RunAll(Path.Combine(_folder, "none"), new())[0].Failures[0].ShouldContain("no folder");
        RuleTestRunner.RunAll(_folder, new())[0].Failures[0].ShouldContain("expected.yaml");
        File.WriteAllText(Path.Combine(_folder, "expected.yaml"), "incidents:\n- client: nobody\n  threat: x\n  acton: block\n");
        var failures = RuleTestRunner.Run(_folder, new()).Failures;
        failures.ShouldContain(f => f.Contains(":2:11", StringComparison.Ordinal) && f.Contains("IP address", StringComparison.Ordinal));
        failures.ShouldContain(f => f.Contains("did you mean 'action'", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(_folder, "expected.yaml"), "quiet: []\n");
        RuleTestRunner.Run(_folder, new()).Failures[0].ShouldContain("lines.jsonl");
    }

    [Fact]
    public void A_case_brings_its_own_rules_and_fails_when_they_do_not_fire()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "rules"));
        File.WriteAllText(Path.Combine(_folder, "rules", "coffee.txt"), "/coffee\n");
        File.WriteAllText(Path.Combine(_folder, "rules", "coffee.yaml"), """
            rules:
            - {id: coffee, title: Wants coffee, threat: thirst, severity: medium, action: review, within: 1m,
               when: [{where: {path: coffee, status: 418}, at_least: 2}]}
            """);
        File.WriteAllText(Path.Combine(_folder, "expected.yaml"), "incidents:\n- {client: 192.0.2.7, threat: thirst, action: review, by_request: 2}\n");
        File.WriteAllText(Path.Combine(_folder, "lines.jsonl"), Line(0) + Line(20));
        RuleTestRunner.Run(_folder, new()).Failures.ShouldBeEmpty();
        File.WriteAllText(Path.Combine(_folder, "lines.jsonl"), Line(0) + Line(100) + "nonsense\n");
        var failures = RuleTestRunner.Run(_folder, new()).Failures;
        failures.ShouldContain(f => f.Contains("no finding", StringComparison.Ordinal));
        failures.ShouldContain(f => f.Contains("lines.jsonl:3", StringComparison.Ordinal));
    }

    private static string Line(int second) => TestLines.Line(second, "192.0.2.7", "GET", "/coffee", 418) + "\n";
}
