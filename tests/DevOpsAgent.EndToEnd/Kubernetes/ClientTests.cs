using System.Globalization;
using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>The client as the agent's own account on a real API server.</summary>
[Collection(KubernetesTests.Name)]
public sealed class ClientTests(ApiServer server)
{
    internal static readonly ResourceType Middlewares = new("traefik.io", "v1alpha1", "middlewares", "Middleware", Namespaced: true);
    private static readonly ResourceType ConfigMaps = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Discovery_finds_what_is_served()
    {
        server.Needed();
        using var api = server.Connect();
        (await api.VersionAsync(Cancellation)).ShouldBe("v1.20.2");
        (await api.WhoAmIAsync(Cancellation)).ShouldBe(ApiServer.Agent); // 1.20 has no such question, but its refusal names us
        var types = await api.DiscoverAsync(Cancellation);
        types.ShouldContain(Middlewares);
        types.ShouldContain(ConfigMaps);
        types.ShouldContain(LeaderLease.Type);
        types.ShouldContain(new ResourceType("networking.k8s.io", "v1", "ingressclasses", "IngressClass", false));
    }

    [Fact]
    public async Task An_object_is_applied_read_watched_replaced_and_deleted()
    {
        server.Needed();
        using var api = server.Connect();
        var start = await api.ListAsync(Middlewares, "traefik", Selection.All, Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var seen = new List<string>();
        var watching = Task.Run(async () =>
        {
            await foreach (var found in api.WatchAsync(Middlewares, "traefik", Selection.All, start.ResourceVersion, stop.Token))
            {
                lock (seen)
                {
                    seen.Add($"{found.Change} {found.Object?["metadata"]?["name"]}");
                }
            }
        }, Cancellation);

        var name = Name();
        (await api.GetAsync(Middlewares, "traefik", name, Cancellation)).ShouldBeNull();
        await api.ApplyAsync(Middlewares, Deny(name), new(DryRun: true), Cancellation);
        (await api.GetAsync(Middlewares, "traefik", name, Cancellation)).ShouldBeNull();
        var made = await api.ApplyAsync(Middlewares, Deny(name), new(), Cancellation);
        var again = await api.ApplyAsync(Middlewares, Deny(name), new(), Cancellation);
        Version(again).ShouldBe(Version(made));

        var changed = (JsonObject)made.DeepClone();
        changed["metadata"]!["annotations"] = new JsonObject { ["note"] = "x" };
        var replaced = await api.ReplaceAsync(Middlewares, changed, dryRun: false, Cancellation);
        (await Fault(() => api.ReplaceAsync(Middlewares, changed, dryRun: false, Cancellation))).ShouldBe(KubernetesFault.Conflict);
        (await Fault(() => api.DeleteAsync(Middlewares, "traefik", name, new(ResourceVersion: Version(made)), Cancellation))).ShouldBe(KubernetesFault.Conflict);
        (await api.DeleteAsync(Middlewares, "traefik", name, new(Uid: (string)made["metadata"]!["uid"]!, ResourceVersion: Version(replaced)), Cancellation)).ShouldBeTrue();
        (await api.DeleteAsync(Middlewares, "traefik", name, new(), Cancellation)).ShouldBeFalse();

        await Eventually.True(() => Mine().Length == 3, "the changes are seen", () => string.Join('\n', seen));
        Mine().ShouldBe([$"Added {name}", $"Modified {name}", $"Deleted {name}"]);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => watching);

        string[] Mine()
        {
            lock (seen)
            {
                return [.. seen.Where(s => s.EndsWith(name, StringComparison.Ordinal))];
            }
        }
    }

    [Fact]
    public async Task A_long_list_comes_whole_by_pages()
    {
        server.Needed();
        await server.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: long}");
        await Parallel.ForAsync(0, 1_100, Cancellation, async (i, _) => await server.CreateAsync(string.Create(CultureInfo.InvariantCulture, $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{i:0000}, namespace: long}}")));
        using var api = server.Connect();
        var list = await api.ListAsync(ConfigMaps, "long", Selection.All, Cancellation);
        list.Items.Select(static i => (string)i["metadata"]!["name"]!).Where(static n => n[0] == 'c').ShouldBe(Enumerable.Range(0, 1_100).Select(static i => $"c{i:0000}"));
        (await api.ListAsync(ConfigMaps, "long", new(Fields: "metadata.name=c0007"), Cancellation)).Items.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Another_field_managers_fields_are_a_conflict_with_its_name()
    {
        server.Needed();
        using var api = server.Connect();
        using var admin = server.Connect(server.AdminKubeconfig);
        var name = Name();
        await admin.ApplyAsync(Middlewares, Deny(name, "10.0.0.0/8"), new(Manager: "team-edge"), Cancellation);
        var refused = await Should.ThrowAsync<KubernetesException>(() => api.ApplyAsync(Middlewares, Deny(name), new(), Cancellation));
        refused.Fault.ShouldBe(KubernetesFault.Conflict);
        refused.Conflicts.ShouldBe(["team-edge: .spec.ipAllowList.sourceRange"]);
        await api.ApplyAsync(Middlewares, Deny(name), new(Force: true), Cancellation);
        await api.DeleteAsync(Middlewares, "traefik", name, new(), Cancellation);
    }

    [Fact]
    public async Task Of_two_replicas_one_holds_the_lease_and_the_other_follows()
    {
        server.Needed();
        using var one = server.Connect();
        using var two = server.Connect();
        var terms = new LeaseTerms("traefik", Name(), "one") { Duration = TimeSpan.FromSeconds(2), Margin = TimeSpan.FromMilliseconds(500), Interval = TimeSpan.FromMilliseconds(200) };
        var (a, b) = (new LeaderLease(one, terms, TimeProvider.System), new LeaderLease(two, terms with { Identity = "two" }, TimeProvider.System));
        (await a.TryAsync(Cancellation)).ShouldBeTrue();
        (await b.TryAsync(Cancellation)).ShouldBeFalse();
        b.Holder.ShouldBe("one");

        // One dies: it renews no more.
        while (!await b.TryAsync(Cancellation))
        {
            await Task.Delay(50, Cancellation);
        }

        a.IsHeld.ShouldBeFalse();
        b.IsHeld.ShouldBeTrue();
        (await a.TryAsync(Cancellation)).ShouldBeFalse();
        await b.ReleaseAsync(Cancellation);
        (await a.TryAsync(Cancellation)).ShouldBeTrue();
    }

    [Fact]
    public async Task Impersonation_needs_the_right_to_it()
    {
        server.Needed();
        using var admin = new KubernetesApi(ConnectionReader.Read(new() { Kubeconfig = server.AdminKubeconfig, Impersonate = "system:serviceaccount:traefik:default" }, new(), TimeProvider.System), TimeProvider.System);
        (await admin.MayAsync("list", Middlewares, "traefik", null, Cancellation)).ShouldBeFalse();
        using var agent = new KubernetesApi(ConnectionReader.Read(new() { Kubeconfig = server.Kubeconfig, Impersonate = "root" }, new(), TimeProvider.System), TimeProvider.System);
        var refused = await Should.ThrowAsync<KubernetesException>(() => agent.ListAsync(Middlewares, "traefik", Selection.All, Cancellation));
        refused.Message.ShouldContain("cannot impersonate resource \"users\"");
    }

    internal static string Name() => "devops-agent-" + Guid.NewGuid().ToString("N")[..8];

    internal static JsonObject Deny(string name, string range = "255.255.255.255/32", string ns = "traefik") => new()
    {
        ["apiVersion"] = "traefik.io/v1alpha1",
        ["kind"] = "Middleware",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        ["spec"] = new JsonObject { ["ipAllowList"] = new JsonObject { ["sourceRange"] = new JsonArray(range) } },
    };

    private static string Version(JsonObject value) => (string)value["metadata"]!["resourceVersion"]!;

    private static async Task<KubernetesFault> Fault(Func<Task> call) => (await Should.ThrowAsync<KubernetesException>(call)).Fault;
}
