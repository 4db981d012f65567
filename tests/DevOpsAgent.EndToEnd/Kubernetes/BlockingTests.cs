using System.Text.Json.Nodes;
using DevOpsAgent.Blocking;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>Denials in a real API server, written with exactly the rights of deploy/kubernetes/rbac.yaml.</summary>
[Collection(KubernetesTests.Name)]
public sealed class BlockingTests(ApiServer server)
{
    private static readonly string[] Whole = ["middlewares devops-agent-deny", "ingressroutes devops-agent-deny", "ingressroutes devops-agent-deny-tls", "services devops-agent-deny-blackhole"];

    [Fact]
    public async Task A_block_makes_our_objects_and_the_last_unblock_leaves_no_trace()
    {
        server.Needed();
        await using var cluster = new BlockingCluster(server);

        var result = await cluster.ApplyAsync("203.0.113.7", "2001:db8::/64");

        result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
        (await cluster.ObjectsAsync()).ShouldBe(Whole);
        (await cluster.RuleAsync()).ShouldBe("ClientIP(`203.0.113.7`) || ClientIP(`2001:db8::/64`)");
        var route = await server.SendAsync(HttpMethod.Get, BlockingCluster.Routes() + "/devops-agent-deny-tls");
        ((string?)route["metadata"]!["labels"]!["app.kubernetes.io/managed-by"]).ShouldBe("devops-agent");
        route["metadata"]!["managedFields"]!.AsArray().Select(static m => $"{m!["manager"]} {m["operation"]}").ShouldBe(["devops-agent Apply"]);
        (await cluster.InspectAsync("203.0.113.7", "2001:db8::/64")).ShouldBe(new TargetState(true, null));

        (await cluster.ApplyAsync("203.0.113.9")).Detail.ShouldContain("(2 objects)");
        (await cluster.RuleAsync("devops-agent-deny-tls")).ShouldBe("ClientIP(`203.0.113.9`)");

        (await cluster.ApplyAsync()).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        (await cluster.ObjectsAsync()).ShouldBeEmpty();
        (await cluster.InspectAsync()).Drift.ShouldBeNull();
    }

    [Fact]
    public async Task Tcp_routes_and_a_network_policy_come_and_go()
    {
        server.Needed();
        await using (var tcp = new BlockingCluster(server, change: static k => k with { Way = "tcp_routes", TcpEntryPoints = ["mqtt"] }))
        {
            var result = await tcp.ApplyAsync("203.0.113.7");
            result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
            (await tcp.ObjectsAsync()).ShouldBe(["ingressroutetcps devops-agent-deny", "middlewaretcps devops-agent-deny", "services devops-agent-deny-blackhole"]);
        }

        await server.CreateAsync("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: traefik}");
        await server.CreateAsync("apiVersion: v1\nkind: Pod\nmetadata: {name: edge-0, namespace: traefik, labels: {app: edge}}\nspec: {automountServiceAccountToken: false, containers: [{name: a, image: a}]}");
        await using (var policy = new BlockingCluster(server, change: static k => k with { Way = "network_policy", PodLabels = "app=edge" }))
        {
            var result = await policy.ApplyAsync("203.0.113.7", "2001:db8::/64");
            result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
            (await policy.ObjectsAsync()).ShouldBe(["networkpolicies devops-agent-deny"]);
            (await policy.InspectAsync("203.0.113.7", "2001:db8::/64")).Drift.ShouldBeNull();
        }

        await using var last = new BlockingCluster(server);
        (await last.ObjectsAsync()).ShouldBeEmpty();
        await server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/traefik/pods/edge-0?gracePeriodSeconds=0");
    }

    [Fact]
    public async Task The_named_config_map_gets_our_lines_and_is_left_as_it_was()
    {
        server.Needed();
        await server.CreateAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: blocklist, namespace: traefik}\ndata: {ips.txt: \"198.51.100.1\\n\"}");
        await using var cluster = new BlockingCluster(server, server.AdminKubeconfig, static k => k with { Way = "config_map", ConfigMap = "traefik/blocklist/ips.txt" });

        var result = await cluster.ApplyAsync("203.0.113.7");
        result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
        (await DataAsync()).ShouldBe("198.51.100.1\n203.0.113.7 # devops-agent\n");

        await cluster.EditAsync("/api/v1/namespaces/traefik/configmaps/blocklist", """{"data":{"ips.txt":"198.51.100.2\n"}}""");
        (await cluster.InspectAsync("203.0.113.7")).Drift!.ShouldContain("last edited by 'kubectl-edit'");
        await cluster.ApplyAsync("203.0.113.7");
        await cluster.ApplyAsync();
        (await DataAsync()).ShouldBe("198.51.100.2\n");

        async Task<string?> DataAsync() => (string?)(await server.SendAsync(HttpMethod.Get, "/api/v1/namespaces/traefik/configmaps/blocklist"))["data"]!["ips.txt"];
    }

    [Fact]
    public async Task Whoever_edits_or_deletes_our_object_is_named_and_it_is_set_right()
    {
        server.Needed();
        await using var cluster = new BlockingCluster(server);
        await cluster.ApplyAsync("203.0.113.7");

        await cluster.EditAsync(BlockingCluster.Routes() + "/devops-agent-deny", """{"spec":{"entryPoints":["other"],"tls":{}}}""");
        await Eventually.True(() => !cluster.Target.LooksRight(BlockingCluster.List("203.0.113.7")), "the watch sees the edit");
        var state = await cluster.InspectAsync("203.0.113.7");
        state.Drift!.ShouldStartWith("IngressRoute traefik/devops-agent-deny was edited by 'kubectl-edit' at 20");
        state.Foreign.ShouldBeTrue();
        (await cluster.ApplyAsync("203.0.113.7")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        (await cluster.InspectAsync("203.0.113.7")).Drift.ShouldBeNull();
        (await server.SendAsync(HttpMethod.Get, BlockingCluster.Routes() + "/devops-agent-deny"))["spec"]!["tls"].ShouldBeNull();

        await server.SendAsync(HttpMethod.Delete, BlockingCluster.Routes() + "/devops-agent-deny-tls");
        await Eventually.True(() => !cluster.Target.LooksRight(BlockingCluster.List("203.0.113.7")), "the watch sees the deletion");
        (await cluster.InspectAsync("203.0.113.7")).Drift!.ShouldContain("devops-agent-deny-tls was deleted by someone else");
        await cluster.ApplyAsync("203.0.113.7");
        (await cluster.ObjectsAsync()).ShouldBe(Whole);
    }

    [Fact]
    public async Task Anothers_object_under_our_name_is_left_alone()
    {
        server.Needed();
        await server.CreateAsync("apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: devops-agent-deny, namespace: traefik}\nspec: {ipAllowList: {sourceRange: [10.0.0.0/8]}}");
        await using var cluster = new BlockingCluster(server);
        try
        {
            var result = await cluster.ApplyAsync("203.0.113.7");
            result.Outcome.ShouldBe(TargetOutcome.Failed);
            result.Detail.ShouldContain("was not made by devops-agent");
            (await cluster.ObjectsAsync()).ShouldBe(["middlewares devops-agent-deny"]);
        }
        finally
        {
            await server.SendAsync(HttpMethod.Delete, "/apis/traefik.io/v1alpha1/namespaces/traefik/middlewares/devops-agent-deny");
        }
    }

    [Fact]
    public async Task Without_a_right_the_whole_is_taken_back_and_the_right_is_named()
    {
        server.Needed();
        await using var cluster = new BlockingCluster(server);
        await cluster.ApplyAsync("203.0.113.7");
        var role = await server.SendAsync(HttpMethod.Get, "/apis/rbac.authorization.k8s.io/v1/namespaces/traefik/roles/devops-agent-write");
        try
        {
            await cluster.EditAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/traefik/roles/devops-agent-write", """{"rules":[]}""");
            TargetResult? result = null;
            await Eventually.True(() => (result = cluster.ApplyAsync("203.0.113.9").GetAwaiter().GetResult()).Outcome == TargetOutcome.Failed, "the right is gone", () => result?.Detail ?? "");

            result!.Detail.ShouldContain("forbidden");
            result.Detail.ShouldContain("ingressroutes");
            result.Detail.ShouldContain("patch");
        }
        finally
        {
            await cluster.EditAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/traefik/roles/devops-agent-write", new JsonObject { ["rules"] = role["rules"]!.DeepClone() }.ToJsonString());
        }

        await Eventually.True(() => cluster.ApplyAsync("203.0.113.11").GetAwaiter().GetResult().Outcome == TargetOutcome.Unconfirmed, "the right is back");
        (await cluster.RuleAsync()).ShouldBe("ClientIP(`203.0.113.11`)");
        (await cluster.RuleAsync("devops-agent-deny-tls")).ShouldBe("ClientIP(`203.0.113.11`)");
    }

    [Fact]
    public async Task A_quota_that_refuses_one_part_leaves_none()
    {
        server.Needed();
        const string quota = "/api/v1/namespaces/traefik/resourcequotas/few";
        await server.CreateAsync("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few, namespace: traefik}\nspec: {hard: {services: \"0\"}}");
        await using var cluster = new BlockingCluster(server);
        try
        {
            // No controller runs that would count.
            var status = await server.SendAsync(HttpMethod.Get, quota);
            status["status"] = JsonNode.Parse("""{"hard":{"services":"0"},"used":{"services":"0"}}""");
            await server.SendAsync(HttpMethod.Put, quota + "/status", status);
            TargetResult? result = null;
            await Eventually.True(() => (result = cluster.ApplyAsync("203.0.113.7").GetAwaiter().GetResult()).Outcome == TargetOutcome.Failed || Lift(cluster), "the quota refuses", () => result?.Detail ?? "");

            result!.Detail.ShouldContain("exceeded quota");
            result.Detail.ShouldContain("taken back as a whole");
            (await cluster.ObjectsAsync()).ShouldBeEmpty();
        }
        finally
        {
            await server.SendAsync(HttpMethod.Delete, quota);
        }
    }

    [Fact]
    public async Task A_namespace_that_is_deleted_is_said()
    {
        server.Needed();
        await server.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: going}");
        await using var cluster = new BlockingCluster(server, server.AdminKubeconfig, static k => k with { Namespace = "going" });
        await server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/going");

        var result = await cluster.ApplyAsync("203.0.113.7");

        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain("going");
        result.Detail.ShouldContain("terminat");
        (await cluster.ObjectsAsync(ns: "going")).ShouldBeEmpty();

        await using var absent = new BlockingCluster(server, server.AdminKubeconfig, static k => k with { Namespace = "nowhere" });
        (await absent.ApplyAsync("203.0.113.7")).Detail.ShouldContain("\"nowhere\" not found");
    }

    [Fact]
    public async Task Definitions_of_the_earlier_group_of_both_or_none()
    {
        server.Needed();
        await server.InstallAsync("traefik.containo.us");
        try
        {
            await using (var both = new BlockingCluster(server, server.AdminKubeconfig))
            {
                (await both.ApplyAsync("203.0.113.7")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
                (await both.ObjectsAsync()).ShouldBe(Whole);
            }

            await server.RemoveAsync("traefik.io");
            await using (var earlier = new BlockingCluster(server, server.AdminKubeconfig))
            {
                var result = await earlier.ApplyAsync("203.0.113.7");
                result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
                (await earlier.RuleAsync(group: "traefik.containo.us")).ShouldBe("ClientIP(`203.0.113.7`)");
                await earlier.ApplyAsync();
                (await server.ListAsync(BlockingCluster.Routes("traefik.containo.us"))).ShouldBeEmpty();
            }

            await server.RemoveAsync("traefik.containo.us");
            await using var none = new BlockingCluster(server, server.AdminKubeconfig);
            (await none.ApplyAsync("203.0.113.7")).Detail.ShouldContain("not installed");
        }
        finally
        {
            await server.RemoveAsync("traefik.containo.us");
            await server.InstallAsync("traefik.io");
        }
    }

    [Fact]
    public async Task A_server_that_is_killed_keeps_the_blocks_and_is_written_again_when_it_is_back()
    {
        server.Needed();
        await using var cluster = new BlockingCluster(server);
        await cluster.ApplyAsync("203.0.113.7");
        await server.KillServerAsync();
        var down = await cluster.InspectAsync("203.0.113.7");
        down.Reachable.ShouldBeFalse();
        down.Drift!.ShouldContain("context test");

        await server.StartServerAsync();
        await Eventually.True(() => cluster.InspectAsync("203.0.113.7").GetAwaiter().GetResult() is { Reachable: true, Drift: null }, "the block stands");
        (await cluster.ApplyAsync("203.0.113.9")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
    }

    private static bool Lift(BlockingCluster cluster) => cluster.ApplyAsync().GetAwaiter().GetResult().Outcome == TargetOutcome.Failed;
}
