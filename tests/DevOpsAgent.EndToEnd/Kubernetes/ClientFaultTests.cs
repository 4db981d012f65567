using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;
using static DevOpsAgent.EndToEnd.Kubernetes.ClientTests;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>What can go wrong with a cluster, done to a real one.</summary>
[Collection(KubernetesTests.Name)]
public sealed class ClientFaultTests(ApiServer server)
{
    private static readonly Patience Short = new() { Attempt = TimeSpan.FromSeconds(2), Tries = 2, Pause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromMilliseconds(500) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_watch_outlives_the_api_servers_death_without_a_gap()
    {
        server.Needed();
        using var api = server.Connect(patience: Short);
        var (first, second) = (Name(), Name());
        var start = await api.ListAsync(Middlewares, "traefik", Selection.All, Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var seen = new ConcurrentQueue<string>();
        var watching = Task.Run(() => FollowAsync(api, start.ResourceVersion, seen, stop.Token), Cancellation);
        await api.ApplyAsync(Middlewares, Deny(first), new(), Cancellation);
        await Eventually.True(() => seen.Contains(first), "the first is seen");

        await server.KillServerAsync();
        var down = await Should.ThrowAsync<KubernetesException>(() => api.ListAsync(Middlewares, "traefik", Selection.All, Cancellation));
        down.Fault.ShouldBe(KubernetesFault.Unavailable);
        down.Message.ShouldStartWith("context test (https://127.0.0.1:");
        await server.StartServerAsync();

        await api.ApplyAsync(Middlewares, Deny(second), new(), Cancellation);
        await Eventually.True(() => seen.Contains(second), "the second is seen", () => $"{string.Join('\n', seen)}\n{watching.Exception}", TimeSpan.FromSeconds(60));
        seen.Count(n => n == first).ShouldBe(1);
        seen.Count(n => n == second).ShouldBe(1);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => watching);
        await api.DeleteAsync(Middlewares, "traefik", first, new(), Cancellation);
        await api.DeleteAsync(Middlewares, "traefik", second, new(), Cancellation);
    }

    [Fact]
    public async Task A_stalled_etcd_is_given_up_and_found_again()
    {
        server.Needed();
        using var api = server.Connect(patience: Short);
        await api.GetAsync(Middlewares, "traefik", "none", Cancellation);
        await server.StopEtcdAsync();
        try
        {
            var down = await Should.ThrowAsync<KubernetesException>(() => api.GetAsync(Middlewares, "traefik", "none", Cancellation));
            down.Fault.ShouldBe(KubernetesFault.Unavailable);
            down.Message.ShouldContain("no answer within 2 s");
        }
        finally
        {
            server.ContinueEtcd();
        }

        await Eventually.Some(async () => await TryAsync(() => api.ListAsync(Middlewares, "traefik", Selection.All, Cancellation)), "the cluster answers again", limit: TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_version_that_the_server_forgot_is_gone()
    {
        server.Needed();
        using var api = server.Connect();
        var seen = new List<ObjectChange>();
        await foreach (var found in api.WatchAsync(Middlewares, null, Selection.All, "1", Cancellation))
        {
            seen.Add(found.Change);
        }

        seen.ShouldBe([ObjectChange.Gone]);
    }

    [Fact]
    public async Task A_right_taken_away_in_flight_is_named_as_the_rule_to_give()
    {
        server.Needed();
        using var api = server.Connect();
        await api.ListAsync(Middlewares, null, Selection.All, Cancellation);
        const string bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
        var binding = await server.SendAsync(HttpMethod.Get, $"{bindings}/devops-agent-read");
        await server.SendAsync(HttpMethod.Delete, $"{bindings}/devops-agent-read");
        try
        {
            var refused = await Eventually.Some(async () => await RefusalAsync(() => api.ListAsync(Middlewares, null, Selection.All, Cancellation)), "the list is refused");
            refused.Fault.ShouldBe(KubernetesFault.Forbidden);
            refused.MissingRule.ShouldBe("- {apiGroups: [traefik.io], resources: [middlewares], verbs: [list]}");
            refused.Message.ShouldContain($"Give {ApiServer.Agent} this rule of a ClusterRole: - {{apiGroups");
        }
        finally
        {
            ((JsonObject)binding["metadata"]!).Remove("resourceVersion");
            await server.SendAsync(HttpMethod.Post, bindings, binding);
        }

        await Eventually.Some(async () => await TryAsync(() => api.ListAsync(Middlewares, null, Selection.All, Cancellation)), "the list is given again");
    }

    [Fact]
    public async Task A_quota_is_a_refusal_that_says_so()
    {
        server.Needed();
        await server.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: full}");
        await server.CreateAsync("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none, namespace: full}\nspec: {hard: {count/middlewares.traefik.io: \"0\"}}");
        var quota = await server.SendAsync(HttpMethod.Get, "/api/v1/namespaces/full/resourcequotas/none");
        quota["status"] = new JsonObject { ["hard"] = new JsonObject { ["count/middlewares.traefik.io"] = "0" }, ["used"] = new JsonObject { ["count/middlewares.traefik.io"] = "0" } };
        await server.SendAsync(HttpMethod.Put, "/api/v1/namespaces/full/resourcequotas/none/status", quota);
        using var admin = server.Connect(server.AdminKubeconfig);
        var refused = await Eventually.Some(async () => await RefusalAsync(() => admin.ApplyAsync(Middlewares, Deny(Name(), ns: "full"), new(), Cancellation)), "the quota holds");
        refused.Fault.ShouldBe(KubernetesFault.Invalid);
        refused.MissingRule.ShouldBeNull();
        refused.Message.ShouldContain("exceeded quota: none");
    }

    [Fact]
    public async Task An_admission_webhook_that_is_away_is_an_outage_and_not_a_crash()
    {
        server.Needed();
        const string hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
        await server.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: hooked, labels: {hooked: \"yes\"}}");
        await server.CreateAsync("""
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingWebhookConfiguration
            metadata: {name: away}
            webhooks:
            - name: away.example.org
              clientConfig: {url: "https://127.0.0.1:1/"}
              rules: [{apiGroups: [traefik.io], apiVersions: ["*"], operations: [CREATE], resources: [middlewares]}]
              namespaceSelector: {matchLabels: {hooked: "yes"}}
              sideEffects: None
              timeoutSeconds: 1
              admissionReviewVersions: [v1]
            """);
        try
        {
            using var admin = server.Connect(server.AdminKubeconfig, Short);
            var refused = await Eventually.Some(async () => await RefusalAsync(() => admin.ApplyAsync(Middlewares, Deny(Name(), ns: "hooked"), new(), Cancellation)), "the webhook is asked", limit: TimeSpan.FromSeconds(60));
            refused.Fault.ShouldBe(KubernetesFault.Unavailable);
            refused.Message.ShouldContain("failed calling webhook \"away.example.org\"");
        }
        finally
        {
            await server.SendAsync(HttpMethod.Delete, $"{hooks}/away");
        }
    }

    [Fact]
    public async Task A_namespace_that_is_being_deleted_or_absent_takes_nothing()
    {
        server.Needed();
        using var admin = server.Connect(server.AdminKubeconfig);
        (await Should.ThrowAsync<KubernetesException>(() => admin.ApplyAsync(Middlewares, Deny(Name(), ns: "never"), new(), Cancellation))).Fault.ShouldBe(KubernetesFault.NotFound);
        await server.CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: ending}");
        await server.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/ending");
        var refused = await Eventually.Some(async () => await RefusalAsync(() => admin.ApplyAsync(Middlewares, Deny(Name(), ns: "ending"), new(), Cancellation)), "it is refused");
        refused.Fault.ShouldBe(KubernetesFault.Forbidden);
        refused.Message.ShouldContain("because it is being terminated");
    }

    [Fact]
    public async Task Definitions_of_either_group_both_or_none_are_told_apart()
    {
        server.Needed();
        using var api = server.Connect();
        await server.InstallAsync("traefik.containo.us");
        (await GroupsAsync()).ShouldBe(["traefik.containo.us", "traefik.io"]);
        await server.RemoveAsync("traefik.io");
        try
        {
            var absent = await Should.ThrowAsync<KubernetesException>(() => api.ListAsync(Middlewares, null, Selection.All, Cancellation));
            absent.Fault.ShouldBe(KubernetesFault.NotFound);
            absent.Message.ShouldContain("are Traefik's CRDs of this API group installed?");
            (await GroupsAsync()).ShouldBe(["traefik.containo.us"]);
            (await api.ListAsync(Middlewares with { Group = "traefik.containo.us" }, null, Selection.All, Cancellation)).Items.ShouldBeEmpty();
        }
        finally
        {
            await server.RemoveAsync("traefik.containo.us");
            using (var fresh = server.Connect())
            {
                (await fresh.DiscoverAsync(Cancellation)).ShouldNotContain(static t => t.Kind == "Middleware");
            }

            await server.InstallAsync("traefik.io");
        }

        async Task<IEnumerable<string>> GroupsAsync() => (await api.DiscoverAsync(Cancellation)).Where(static t => t.Kind == "Middleware").Select(static t => t.Group).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task An_expired_token_is_an_error_until_its_file_has_a_new_one()
    {
        server.Needed();
        var token = Path.Combine(server.Folder, "expired.token");
        var kubeconfig = Path.Combine(server.Folder, "expired.kubeconfig");
        await File.WriteAllTextAsync(token, await server.ExpiredTokenAsync(), Cancellation);
        await File.WriteAllTextAsync(kubeconfig, server.KubeconfigText("old", $"tokenFile: {token}"), Cancellation);
        using var api = server.Connect(kubeconfig);
        var refused = await Should.ThrowAsync<KubernetesException>(() => api.ListAsync(Middlewares, null, Selection.All, Cancellation));
        refused.Fault.ShouldBe(KubernetesFault.Unauthenticated);
        refused.Message.ShouldContain("context old");
        refused.Message.ShouldContain("expired, revoked, or of another cluster");
        await File.WriteAllTextAsync(token, await server.TokenAsync("traefik", "devops-agent"), Cancellation);
        await api.ListAsync(Middlewares, null, Selection.All, Cancellation);
    }

    [Fact]
    public async Task An_expired_client_certificate_is_an_error_that_names_the_context()
    {
        server.Needed();
        var (certificate, key) = server.Certificates.Client("old", "O=system:masters, CN=old", TimeProvider.System.GetUtcNow().AddHours(-1));
        var kubeconfig = Path.Combine(server.Folder, "oldcert.kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.KubeconfigText("oldcert", $"client-certificate: {certificate}, client-key: {key}"), Cancellation);
        using var api = server.Connect(kubeconfig);
        var refused = await Should.ThrowAsync<KubernetesException>(() => api.ListAsync(Middlewares, null, Selection.All, Cancellation));
        refused.Fault.ShouldBe(KubernetesFault.Unauthenticated);
        refused.Message.ShouldContain("context oldcert");
    }

    /// <summary>List and watch, and again after each Gone: a restarted server knows no earlier versions.</summary>
    private static async Task FollowAsync(KubernetesApi api, string version, ConcurrentQueue<string> seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            await foreach (var found in api.WatchAsync(Middlewares, "traefik", Selection.All, version, cancellationToken))
            {
                if (found.Change == ObjectChange.Added)
                {
                    seen.Enqueue((string)found.Object!["metadata"]!["name"]!);
                }
            }

            var list = await Eventually.Some(async () => await TryAsync(() => api.ListAsync(Middlewares, "traefik", Selection.All, cancellationToken)), "the list is given", limit: TimeSpan.FromSeconds(60));
            foreach (var name in list.Items.Select(static i => (string)i["metadata"]!["name"]!).Where(n => !seen.Contains(n)))
            {
                seen.Enqueue(name);
            }

            version = list.ResourceVersion;
        }
    }

    private static async Task<ObjectList?> TryAsync(Func<Task<ObjectList>> call)
    {
        try
        {
            return await call();
        }
        catch (KubernetesException)
        {
            return null;
        }
    }

    private static async Task<KubernetesException?> RefusalAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (KubernetesException e)
        {
            return e;
        }
    }
}
