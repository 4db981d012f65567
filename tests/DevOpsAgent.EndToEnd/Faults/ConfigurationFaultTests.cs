using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DevOpsAgent.EndToEnd.Faults;

/// <summary>A wrong configuration starts nothing, and says where it is wrong and what to do.</summary>
[Collection(ProcessTests.Name)]
public sealed class ConfigurationFaultTests
{
    [Theory]
    [InlineData("mode: [auto", ":2:1: ", "YAML")]
    [InlineData("logs:\n  - path: /tmp/a.log\n    trusted_proxies: [10.0.0.0/33]", ":3:23: ", "10.0.0.0/33")]
    [InlineData("blocking:\n  own: [203.0.113.300]", ":2:9: ", "203.0.113.300")]
    [InlineData("blocking:\n  ttl: -4h", ":2:8: ", "-4h")]
    [InlineData("blocking:\n  ttl: 0s", ":2:8: ", "0s")]
    [InlineData("blocking:\n  tll: 4h", ":2:3: ", "did you mean 'ttl'")]
    [InlineData("mode: automatic", ":1:7: ", "auto, review")]
    [InlineData("database:\n  path: ${NOT_SET_ANYWHERE}/agent.db", ":2:9: ", "NOT_SET_ANYWHERE")]
    [InlineData("web:\n  listen: 127.0.0.1:99999", ":2:11: ", "99999")]
    public async Task A_wrong_file_is_refused_with_the_place(string yaml, string place, string text)
    {
        await using var rig = new AgentRig();
        await File.WriteAllTextAsync(rig.Config, yaml + "\n", TestContext.Current.CancellationToken);
        var (exit, output, errors) = await rig.RunAsync("--log", rig.Log);
        exit.ShouldBe(2, errors);
        output.ShouldBeEmpty();
        errors.ShouldContain(rig.Config + place);
        errors.ShouldContain(text);
        errors.ShouldContain("nothing was started");
        errors.ShouldNotContain("   at ");
        File.Exists(rig.Database).ShouldBeFalse();
    }

    [Theory]
    [InlineData("  colour: red", ":12:3: ", "Unknown key 'colour'")]
    [InlineData("  except:\n  - agent: \"(a+)+$\"", ":13:", "(a+)+$")]
    [InlineData("  except:\n  - {client: 10.0.0.0/99}", ":13:", "10.0.0.0/99")]
    [InlineData("  ttl: -1h", ":12:", "-1h")]
    public async Task A_wrong_rule_is_refused_with_the_place(string yaml, string place, string text)
    {
        await using var rig = new AgentRig();
        var rules = Path.Combine(rig.Folder, "rules.yaml");
        await File.WriteAllTextAsync(rules, $"""
            rules:
            - id: mine
              title: Mine
              threat: secrets-scan
              severity: high
              action: block
              within: 1m
              when:
              - where: 
                  path: secret-files
                at_least: 5
            {yaml}
            """, TestContext.Current.CancellationToken);
        await File.AppendAllTextAsync(rig.Config, $"\ndetection:\n  rules: [{rules}]\n", TestContext.Current.CancellationToken);
        var (exit, _, errors) = await rig.RunAsync();
        exit.ShouldBe(2, errors);
        errors.ShouldContain(rules + place);
        errors.ShouldContain(text);
        File.Exists(rig.Database).ShouldBeFalse();
    }

    [Fact]
    public async Task A_pattern_that_is_too_long_is_refused()
    {
        // Rules know no regular expressions, so none can backtrack; what they know is capped in length.
        await using var rig = new AgentRig();
        var rules = Path.Combine(rig.Folder, "rules.yaml");
        await File.WriteAllTextAsync(rules, $"""
            rules:
            - id: mine
              title: {new string('x', 5000)}
              threat: secrets-scan
              severity: high
              action: block
              within: 1m
              when:
              - where: {"{path: secret-files}"}
                at_least: 5
            """, TestContext.Current.CancellationToken);
        await File.AppendAllTextAsync(rig.Config, $"\ndetection:\n  rules: [{rules}]\n", TestContext.Current.CancellationToken);
        var (exit, _, errors) = await rig.RunAsync();
        exit.ShouldBe(2, errors);
        errors.ShouldContain("longer than 200 characters");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_what_to_do()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        await using var rig = new AgentRig(web: true);
        var (exit, _, errors) = await rig.RunAsync("--listen", "127.0.0.1:" + port);
        exit.ShouldBe(3, errors);
        errors.ShouldContain("devops-agent: cannot listen on 127.0.0.1:" + port);
        errors.ShouldContain("--listen");
        errors.ShouldNotContain("   at ");
    }
}
