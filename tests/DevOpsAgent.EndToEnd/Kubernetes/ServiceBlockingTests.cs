namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>The whole program against a real API server: from a decision to objects and back, and through kill -9.</summary>
[Collection(KubernetesTests.Name)]
public sealed class ServiceBlockingTests(ApiServer server)
{
    private const string Way = "kubernetes: {way: routes, namespace: traefik, entry_points: [web, websecure]}";

    [Fact]
    public async Task A_block_by_hand_is_planned_written_and_taken_back()
    {
        server.Needed();
        await using var cluster = new BlockingCluster(server);
        await using var rig = new AgentRig("review", target: false, blocking: [Way], more: $"kubernetes:\n  kubeconfig: {server.Kubeconfig}");
        var agent = await rig.StartAsync();

        var (exit, output, errors) = await rig.RunAsync("blocks", "add", "203.0.113.7", "--reason", "seen elsewhere");
        exit.ShouldBe(0, output + errors);
        (output + errors).ShouldContain("IngressRoutes traefik/devops-agent-deny");
        (await cluster.RuleAsync()).ShouldBe("ClientIP(`203.0.113.7`)");
        (await rig.RunAsync("blocks", "export")).Output.ShouldContain("kind: IngressRoute");

        await cluster.EditAsync(BlockingCluster.Routes() + "/devops-agent-deny", """{"spec":{"entryPoints":["other"]}}""");
        await agent.WaitForAsync("was edited by 'kubectl-edit'");
        await server.SendAsync(HttpMethod.Delete, BlockingCluster.Routes() + "/devops-agent-deny-tls");
        await agent.WaitForAsync("was deleted by someone else");
        await Eventually.True(() => cluster.RuleAsync("devops-agent-deny-tls").GetAwaiter().GetResult().Length > 0, "the route is back");

        (exit, output, errors) = await rig.RunAsync("blocks", "remove", "203.0.113.7");
        exit.ShouldBe(0, output + errors);
        (await cluster.ObjectsAsync()).ShouldBeEmpty();
        await rig.StopAsync(agent);
    }

    [Fact]
    public async Task After_kill_9_between_any_two_writes_of_a_block_the_next_start_makes_it_whole()
    {
        server.Needed();
        await using var cluster = new BlockingCluster(server);
        var token = await server.TokenAsync("traefik", "devops-agent");

        // Four writes make a first block.
        for (var cut = 1; cut <= 4; cut++)
        {
            await using var proxy = new CuttingProxy(server, token);
            await using var rig = new AgentRig("review", target: false, blocking: [Way], more: $"kubernetes:\n  kubeconfig: {Kubeconfig(proxy)}");
            var agent = await rig.StartAsync();
            proxy.Wrote = n =>
            {
                if (n == cut)
                {
                    agent.Signal(AgentProcess.SigKill);
                }
            };
            await rig.RunAsync("blocks", "add", "203.0.113.7", "--reason", "seen elsewhere");
            proxy.Writes.ShouldBe(cut);
            (await cluster.ObjectsAsync()).Count.ShouldBe(cut);
            proxy.Wrote = null;

            await rig.StartAsync();
            await Eventually.True(() => rig.Store.GetActions(null, openOnly: true, 10).Count == 0, "nothing is left open");
            var live = rig.Store.GetLiveBlocks().Count;
            await Eventually.True(() => cluster.ObjectsAsync().GetAwaiter().GetResult().Count == (live == 0 ? 0 : 4), $"the cluster holds the {live} blocks of the store");
            if (live > 0)
            {
                (await rig.RunAsync("blocks", "remove", "203.0.113.7")).Exit.ShouldBe(0);
            }

            await Eventually.True(() => cluster.ObjectsAsync().GetAwaiter().GetResult().Count == 0, "no trace is left");
        }
    }

    private string Kubeconfig(CuttingProxy proxy)
    {
        var file = Path.Combine(server.Folder, "proxy.kubeconfig");
        File.WriteAllText(file, $$"""
            apiVersion: v1
            kind: Config
            current-context: cut
            clusters:
            - {name: cut, cluster: {server: "{{proxy.Url}}"} }
            users:
            - {name: cut, user: {token: unused} }
            contexts:
            - {name: cut, context: {cluster: cut, user: cut, namespace: traefik} }

            """);
        return file;
    }
}
