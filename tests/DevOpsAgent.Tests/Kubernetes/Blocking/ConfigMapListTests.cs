using System.Text.Json.Nodes;
using DevOpsAgent.Blocking;
using DevOpsAgent.Kubernetes.Blocking;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

public sealed class ConfigMapListTests
{
    private const string Key = "ConfigMap traefik/blocklist";
    private const string Map = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"blocklist","namespace":"traefik"},"data":{"ips.txt":"198.51.100.1\n","other":"x"}}""";

    [Fact]
    public async Task Our_lines_come_and_go_and_nothing_else_changes()
    {
        await using var world = World("ips.txt");
        world.Cluster.Put("team", Map);

        (await world.Apply("203.0.113.7")).Detail.ShouldStartWith("Written to ConfigMap traefik/blocklist, ips.txt and read back");
        Data(world).ShouldBe("198.51.100.1\n203.0.113.7 # devops-agent\n");
        (await world.Inspect("203.0.113.7")).Drift.ShouldBeNull();
        world.Target.Render(TargetWorld.List("203.0.113.7")).ShouldBe("203.0.113.7 # devops-agent\n");

        world.Cluster.Edit("team", Key, static o => o["data"]!["ips.txt"] = "198.51.100.1\n198.51.100.2\n");
        var state = await world.Inspect("203.0.113.7");
        state.Drift!.ShouldContain("last edited by 'team'");
        state.Foreign.ShouldBeTrue();
        await world.Apply("203.0.113.7");
        await world.Apply();

        Data(world).ShouldBe("198.51.100.1\n198.51.100.2\n");
        ((string?)world.Cluster[Key]!["data"]!["other"]).ShouldBe("x");
        world.Cluster.Writes.ShouldAllBe(static w => w == "PUT ConfigMap blocklist");
    }

    [Fact]
    public async Task What_somebody_writes_at_the_same_time_is_kept()
    {
        await using var world = World("ips.txt");
        world.Cluster.Put("team", Map);
        var once = true;
        world.Cluster.Before = call =>
        {
            if (call.StartsWith("PUT", StringComparison.Ordinal) && once)
            {
                once = false;
                world.Cluster.Edit("team", Key, static o => o["data"]!["ips.txt"] = "198.51.100.9\n");
            }
        };

        (await world.Apply("203.0.113.7")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);

        Data(world).ShouldBe("198.51.100.9\n203.0.113.7 # devops-agent\n");
    }

    [Fact]
    public async Task A_key_of_our_own_is_a_whole_file_and_goes_as_a_whole()
    {
        await using var world = World("devops-agent.yaml");
        world.Cluster.Put("team", Map);

        await world.Apply("203.0.113.7");
        ((string)world.Cluster[Key]!["data"]!["devops-agent.yaml"]!).ShouldBe(world.Target.Render(TargetWorld.List("203.0.113.7")));

        await world.Apply();
        world.Cluster[Key]!["data"]!.ToJsonString().ShouldBe("""{"ips.txt":"198.51.100.1\n","other":"x"}""");
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"other","namespace":"traefik"}}""", "is not there")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"blocklist","namespace":"traefik"},"immutable":true,"data":{"ips.txt":""}}""", "immutable")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"blocklist","namespace":"traefik"},"data":{}}""", "no such key")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"blocklist","namespace":"traefik"},"data":{"ips.txt":"allow: me"}}""", "neither a list")]
    public async Task What_can_not_be_changed_rightly_is_not_changed(string map, string reason)
    {
        await using var world = World("ips.txt");
        world.Cluster.Put("team", map);

        var result = await world.Apply("203.0.113.7");

        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain(reason);
        world.Cluster.Writes.ShouldBeEmpty();
    }

    [Fact]
    public async Task More_than_a_config_map_holds_is_refused()
    {
        await using var world = World("ips.txt");
        var map = (JsonObject)JsonNode.Parse(Map)!;
        map["data"]!["other"] = new string('x', 999_990);
        world.Cluster.Put("team", map.ToJsonString());

        (await world.Apply("203.0.113.7")).Detail.ShouldContain("1 MiB");
        world.Cluster.Writes.ShouldBeEmpty();
    }

    private static TargetWorld World(string key) => new(l => l with { Way = BlockingWay.ConfigMap, List = ("blocklist", key) });

    private static string Data(TargetWorld world) => (string)world.Cluster[Key]!["data"]!["ips.txt"]!;
}
