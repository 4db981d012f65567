using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Tests.Detection;

public sealed class RuleLibraryTests : IDisposable
{
    private const string Good = "{id: mine, title: Mine, threat: own-threat, severity: high, action: block, within: 10m, when: [{where: {path: secret-files}, count: distinct_paths, at_least: 3}]}";
    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-rules-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_built_in_set_loads_and_each_rule_has_its_words()
    {
        var rules = RuleLibrary.Load(new());
        rules.Rules.Count.ShouldBeGreaterThan(20);
        rules.Rules.Select(r => r.Threat).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .ShouldBe(["credential-stuffing", "directory-scan", "secrets-scan", "vulnerability-scan"]);
        foreach (var rule in rules.Rules.Where(r => r.Action == RuleAction.Block))
        {
            // an agent alone, refusals alone or one path repeated never blocks
            rule.When.ShouldContain(c => c.Count != CountKind.Ratio && (c.Where.PathAny != 0 || c.Where.ShapeAny != FactFlags.None || (c.Where.AgentAny != 0 && c.Where.Status != null)), rule.Id);
        }
    }

    [Theory]
    [InlineData("severity: high", "severity: hi", "severity")]
    [InlineData("severity: high", "sevrity: high", "did you mean 'severity'")]
    [InlineData("within: 10m", "within: 0s", "1s to 30d")]
    [InlineData("within: 10m", "within: 10m, ttl: -4h", "1s to 30d")]
    [InlineData("within: 10m", "within: 31d", "1s to 30d")]
    [InlineData("path: secret-files", "path: secret-file", "did you mean 'secret-files'")]
    [InlineData("path: secret-files", "pth: secret-files", "did you mean 'path'")]
    [InlineData("path: secret-files", "status: 40x4", "no status")]
    [InlineData("path: secret-files", "method: GETT", "did you mean 'GET'")]
    [InlineData("path: secret-files", "shape: traversl", "did you mean 'traversal'")]
    [InlineData("count: distinct_paths", "count: distinct_path", "did you mean 'distinct_paths'")]
    [InlineData("at_least: 3", "at_least: 0", "from 1 to 1000")]
    [InlineData("at_least: 3", "at_least: 100000", "from 1 to 1000")]
    [InlineData("at_least: 3", "at_least: 2.5", "whole number")]
    [InlineData(", at_least: 3", "", "needs 'at_least'")]
    [InlineData("count: distinct_paths, at_least: 3", "count: ratio, at_least: 0.5", "ratios alone")]
    [InlineData("at_least: 3", "at_least: 3, at_most: 0.5", "for ratio only")]
    [InlineData("id: mine", "id: My Rule", "dashes")]
    [InlineData("when: [{", "except: {client: 10.0.0.0/33}, when: [{", "CIDR")]
    [InlineData("action: block", "action: ban", "record, review, block")]
    [InlineData("mode", "mode", "")]
    public void A_mistake_is_named_with_its_place(string from, string to, string message)
    {
        Write("rules:\n- " + Good.Replace(from, to, StringComparison.Ordinal));
        if (message.Length == 0)
        {
            RuleLibrary.Load(Config()).Rules.ShouldContain(r => r.Id == "mine");
            return;
        }

        var problems = Should.Throw<ConfigException>(() => RuleLibrary.Load(Config())).Problems;
        problems[0].Message.ShouldContain(message);
        problems[0].File.ShouldEndWith("mine.yaml");
        problems[0].Line.ShouldBe(2);
        problems[0].Column.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("rules: [")]
    [InlineData("- a\n- b")]
    [InlineData("rule: []")]
    [InlineData("rules:\n- 7")]
    [InlineData("rules:\n- &a [*a]")]
    public void What_is_no_rule_file_is_said(string yaml)
    {
        Write(yaml);
        Should.Throw<ConfigException>(() => RuleLibrary.Load(Config())).Problems[0].File.ShouldEndWith("mine.yaml");
    }

    [Fact]
    public void A_rule_of_the_users_replaces_one_and_others_are_switched_off()
    {
        Write("rules:\n- " + Good.Replace("id: mine", "id: secret-files, version: 7", StringComparison.Ordinal));
        var rules = RuleLibrary.Load(Config() with { DisabledRules = ["scanner-agent"] }).Rules;
        rules.Single(r => r.Id == "secret-files").Version.ShouldBe(7);
        rules.ShouldNotContain(r => r.Id == "scanner-agent");
        Should.Throw<ConfigException>(() => RuleLibrary.Load(new() { DisabledRules = ["scaner-agent"] })).Message.ShouldContain("did you mean 'scanner-agent'");
        Should.Throw<ConfigException>(() => RuleLibrary.Load(new() { Rules = [Path.Combine(_folder, "none.yaml")] })).Message.ShouldContain("No such file");
    }

    private DetectionConfig Config() => new() { Rules = [_folder] };

    private void Write(string yaml) => File.WriteAllText(Path.Combine(_folder, "mine.yaml"), yaml);
}
