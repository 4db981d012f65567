using DevOpsAgent.Kubernetes;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

public sealed class ObjectWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_deletion_by_somebody_is_seen_and_said_at_once()
    {
        await using var world = new TargetWorld();
        await StartAsync(world);

        world.Cluster.Remove(TargetWorld.Tls);

        await Until(() => !world.Target.LooksRight(TargetWorld.List("203.0.113.7")));
        var state = await world.Inspect("203.0.113.7");
        state.Drift.ShouldBe("IngressRoute traefik/devops-agent-deny-tls was deleted by someone else (the API server's audit log has the name)");
        state.Foreign.ShouldBeTrue();

        await world.Apply("203.0.113.7");
        world.Denies("203.0.113.7", TargetWorld.Tls).ShouldBeTrue();
        (await world.Inspect("203.0.113.7")).Drift.ShouldBeNull();
    }

    [Fact]
    public async Task An_edit_by_somebody_is_seen_at_once()
    {
        await using var world = new TargetWorld();
        await StartAsync(world);

        world.Cluster.Edit("kubectl-edit", TargetWorld.Plain, static o => o["spec"]!["entryPoints"]!.AsArray().Clear());

        await Until(() => !world.Target.LooksRight(TargetWorld.List("203.0.113.7")));
        (await world.Inspect("203.0.113.7")).Drift!.ShouldContain("'kubectl-edit'");
        await Until(() => world.Target.LooksRight(TargetWorld.List("203.0.113.7")));
    }

    [Fact]
    public async Task What_we_write_and_delete_ourselves_is_nothing_to_look_at()
    {
        await using var world = new TargetWorld();
        await StartAsync(world);

        await world.Apply("203.0.113.7", "203.0.113.9");
        await world.Apply();

        // The events of a stranger's object come after those of ours.
        world.Cluster.Put("marker", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"marker","namespace":"traefik","labels":{"app.kubernetes.io/managed-by":"devops-agent","app.kubernetes.io/component":"deny","app.kubernetes.io/instance":"devops-agent-deny"}},"spec":{}}""");
        (await world.Inspect()).Drift.ShouldBe("Service traefik/marker should not be there");
        world.Target.LooksRight(TargetWorld.List()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_next_process_watches_what_it_finds_in_order()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        await world.Target.DisposeAsync();
        world.Start();
        await StartAsync(world);

        world.Cluster.Remove("Middleware traefik/devops-agent-deny");

        await Until(() => !world.Target.LooksRight(TargetWorld.List("203.0.113.7")));
        (await world.Inspect("203.0.113.7")).Drift!.ShouldContain("Middleware traefik/devops-agent-deny was deleted by someone else");
    }

    [Fact]
    public async Task A_watch_that_breaks_is_begun_again_and_asks_for_a_look()
    {
        await using var world = new TargetWorld();
        world.Cluster.Before = static call =>
        {
            if (call == "LIST Middleware" && Environment.StackTrace.Contains("ObjectWatch", StringComparison.Ordinal))
            {
                throw new KubernetesException(KubernetesFault.Unavailable, "gone");
            }
        };
        await world.Apply("203.0.113.7");
        await Until(() => world.Cluster.Watches == 2 && world.Time.Waiting > 0);

        world.Cluster.Before = null;
        world.Time.Advance(TimeSpan.FromSeconds(5));

        await Until(() => world.Cluster.Watches == 3 && !world.Target.LooksRight(TargetWorld.List("203.0.113.7")));
    }

    private static async Task StartAsync(TargetWorld world)
    {
        await world.Apply("203.0.113.7");
        await Until(() => world.Cluster.Watches == 3);
    }

    private static async Task Until(Func<bool> isTrue)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!isTrue())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
