using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Kubernetes.Blocking;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

public sealed class PolicyTests
{
    private const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"traefik-0","namespace":"traefik","labels":{"app":"traefik","tier":"edge"}},"spec":{}}""";

    [Fact]
    public async Task One_policy_lets_everybody_in_but_the_denied()
    {
        await using var world = World();
        world.Cluster.Put("helm", Pod);

        (await world.Apply("203.0.113.7", "2001:db8::/64")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);

        world.Cluster["NetworkPolicy traefik/devops-agent-deny"]!["spec"]!.ToJsonString().ShouldBe("""{"podSelector":{"matchLabels":{"app":"traefik"}},"policyTypes":["Ingress"],"ingress":[{"from":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["203.0.113.7/32"]}},{"ipBlock":{"cidr":"::/0","except":["2001:db8::/64"]}},{"namespaceSelector":{}}]}]}""");
        await world.Apply();
        world.Cluster.Names.ShouldBe(["Pod traefik/traefik-0"]);
    }

    [Theory]
    [InlineData("""{"podSelector":{}}""", "another NetworkPolicy already (theirs)")]
    [InlineData("""{"podSelector":{"matchLabels":{"tier":"edge"}},"policyTypes":["Ingress","Egress"]}""", "another NetworkPolicy already (theirs)")]
    [InlineData("""{"podSelector":{"matchExpressions":[{"key":"tier","operator":"In","values":["edge"]}]}}""", "another NetworkPolicy already (theirs)")]
    [InlineData("""{"podSelector":{},"policyTypes":["Egress"]}""", null)]
    [InlineData("""{"podSelector":{"matchLabels":{"tier":"back"}}}""", null)]
    [InlineData("""{"podSelector":{"matchExpressions":[{"key":"tier","operator":"NotIn","values":["edge"]}]}}""", null)]
    public async Task Beside_a_policy_of_somebody_else_it_would_not_hold(string spec, string? refusal)
    {
        await using var world = World();
        world.Cluster.Put("helm", Pod);
        world.Cluster.Put("team", $$"""{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"theirs","namespace":"traefik"},"spec":{{spec}}}""");

        var result = await world.Apply("203.0.113.7");

        result.Outcome.ShouldBe(refusal is null ? TargetOutcome.Unconfirmed : TargetOutcome.Failed, result.Detail);
        result.Detail.ShouldContain(refusal ?? "Written");
    }

    [Theory]
    [InlineData("""{"type":"LoadBalancer","selector":{"app":"traefik"}}""", "externalTrafficPolicy Cluster")]
    [InlineData("""{"type":"LoadBalancer","externalTrafficPolicy":"Local","selector":{"app":"traefik"}}""", null)]
    [InlineData("""{"type":"LoadBalancer","selector":{"app":"shop"}}""", null)]
    public async Task Where_the_pods_do_not_see_the_client_it_is_refused(string spec, string? refusal)
    {
        await using var world = World();
        world.Cluster.Put("helm", Pod);
        world.Cluster.Put("helm", $$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"edge","namespace":"traefik"},"spec":{{spec}}}""");

        (await world.Apply("203.0.113.7")).Detail.ShouldContain(refusal ?? "Written");
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"traefik-0","namespace":"traefik","labels":{"app":"traefik"}},"spec":{"hostNetwork":true}}""", "node's own network")]
    [InlineData("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"shop-0","namespace":"traefik","labels":{"app":"shop"}},"spec":{}}""", "no pod in traefik has the labels app=traefik")]
    public async Task Pods_under_which_no_policy_holds_are_refused(string pod, string refusal)
    {
        await using var world = World();
        world.Cluster.Put("helm", pod);

        (await world.Apply("203.0.113.7")).Detail.ShouldContain(refusal);
        world.Cluster.Writes.ShouldBeEmpty();
    }

    [Fact]
    public void A_list_without_its_carve_outs_covers_the_same_addresses()
    {
        var list = new DenyList([AddressRange.Parse("203.0.113.0/29"), AddressRange.Parse("2001:db8::/126")], [AddressRange.Parse("203.0.113.3"), AddressRange.Parse("2001:db8::2")]);
        OpenRanges.Denied(list).Select(static r => r.ToString()).Order(StringComparer.Ordinal)
            .ShouldBe(["2001:db8::/127", "2001:db8::3", "203.0.113.0/31", "203.0.113.2", "203.0.113.4/30"]);
    }

    private static TargetWorld World() => new(static l => l with { Way = BlockingWay.NetworkPolicy, PodLabels = new SortedDictionary<string, string> { ["app"] = "traefik" } });
}
