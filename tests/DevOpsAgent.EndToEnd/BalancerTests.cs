using DevOpsAgent.Incidents;

namespace DevOpsAgent.EndToEnd;

/// <summary>Traefik behind a load balancer: nobody else may be hit by a block, and a block must hit.</summary>
public sealed class BalancerTests
{
    [Fact]
    public async Task Behind_a_balancer_mode_auto_is_refused_with_the_reason()
    {
        await using var rig = new AgentRig();
        File.WriteAllText(rig.Config, File.ReadAllText(rig.Config).Replace($"- path: {rig.Log}", $"- path: {rig.Log}\n    trusted_proxies: [10.0.0.5]", StringComparison.Ordinal));
        await rig.StartAsync();
        rig.Append(Visitors("10.0.0.5"));
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now, peer: "10.0.0.5"));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        incident.Recommendation!.Held.ShouldNotBeNull().ShouldContain("mode auto is refused");
        incident.Evidence.ForwardedLines.ShouldBeGreaterThan(0);
        File.Exists(rig.DenyFile).ShouldBeFalse();
    }

    [Fact]
    public async Task A_balancer_that_nobody_named_is_not_denied()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();

        // Traefik accepts the balancer's header, the agent was not told of it: the peer is everybody.
        rig.Append(Enumerable.Range(0, 10).SelectMany(i => LogLine.Visits($"198.51.100.{i}", 6, AgentRig.Now, peer: "192.0.2.5")));
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now, peer: "192.0.2.5"));
        var incident = await Eventually.Some(() => rig.Find("192.0.2.5") ?? rig.Find("203.0.113.7"), "an incident");
        incident.Recommendation!.Held.ShouldNotBeNull().ShouldContain("mode auto is refused");
        incident.Status.ShouldBe(IncidentStatus.Recommended);
        File.Exists(rig.DenyFile).ShouldBeFalse();
    }

    [Fact]
    public async Task Behind_a_balancer_an_approved_block_matches_the_header_and_not_only_the_balancers_peer()
    {
        await using var rig = Rig("10.0.0.5");
        await rig.StartAsync();
        rig.Append(Visitors("10.0.0.5"));
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now, peer: "10.0.0.5"));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        incident.Recommendation!.Where.ShouldContain("last entry of X-Forwarded-For");
        incident.Recommendation.Change.ShouldContain("HeaderRegexp");
        var (exit, _, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada");
        exit.ShouldBe(0, errors);
        rig.Denied.ShouldContain(@"HeaderRegexp(`X-Forwarded-For`, `(?:^|,\s*)(?:(?:::ffff:)?(?:203\.(?:0\.(?:113\.(?:7))))(?::[0-9]{1,5})?)$`)");
        rig.Denied.ShouldContain("ClientIP(`203.0.113.7`)", Case.Sensitive, "a client may reach Traefik past the balancer");
        rig.Denied.ShouldNotContain("10.0.0.5");
    }

    [Fact]
    public async Task A_balancer_that_nobody_named_can_not_be_approved_either()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        rig.Append(Visitors("192.0.2.5"));
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now, peer: "192.0.2.5"));
        var incident = await rig.IncidentAsync("192.0.2.5", IncidentStatus.Recommended);
        var (exit, _, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada");
        exit.ShouldBe(1);
        errors.ShouldContain("192.0.2.5 forwards for others, as a balancer does: a block would deny everybody behind it.");
        File.Exists(rig.DenyFile).ShouldBeFalse();
    }

    [Fact]
    public async Task Behind_two_proxies_in_a_row_an_approval_is_refused_with_the_reason()
    {
        await using var rig = Rig("10.0.0.5, 10.0.0.6");
        await rig.StartAsync();
        rig.Append(Visitors("10.0.0.5").Concat(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now, peer: "10.0.0.5"))
            .Select(static line => line.Replace("\",\"ClientPort\"", ", 10.0.0.6\",\"ClientPort\"", StringComparison.Ordinal)));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        var (exit, _, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada");
        exit.ShouldBe(1);
        errors.ShouldContain("two trusted proxies in a row");
        File.Exists(rig.DenyFile).ShouldBeFalse();
    }

    private static IEnumerable<string> Visitors(string peer) => Enumerable.Range(0, 10).SelectMany(i => LogLine.Visits($"198.51.100.{i}", 6, AgentRig.Now, peer: peer));

    private static AgentRig Rig(string proxies)
    {
        var rig = new AgentRig();
        File.WriteAllText(rig.Config, File.ReadAllText(rig.Config).Replace($"- path: {rig.Log}", $"- path: {rig.Log}\n    trusted_proxies: [{proxies}]", StringComparison.Ordinal));
        return rig;
    }
}
