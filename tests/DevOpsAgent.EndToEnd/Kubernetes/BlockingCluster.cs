using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes.Blocking;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>The target on the real API server, with the agent's own rights unless said otherwise; what stands there is read as administrator.</summary>
internal sealed class BlockingCluster : IAsyncDisposable
{
    private readonly ApiServer _server;

    public BlockingCluster(ApiServer server, string? kubeconfig = null, Func<KubernetesBlockingConfig, KubernetesBlockingConfig>? change = null)
    {
        _server = server;
        var blocking = new KubernetesBlockingConfig { Way = "routes", Namespace = "traefik", EntryPoints = ["web", "websecure"] };
        var config = new AgentConfig { Kubernetes = new() { Kubeconfig = kubeconfig ?? server.Kubeconfig }, Blocking = new() { Kubernetes = change?.Invoke(blocking) ?? blocking } };
        Target = ClusterTarget.Of(KubernetesApi.Connect(config.Kubernetes, TimeProvider.System), config, null, forwarded: false, TimeProvider.System);
    }

    public KubernetesTarget Target { get; }

    public static DenyList List(params string[] ranges) => new([.. ranges.Select(AddressRange.Parse).Order()], []);

    public static string Routes(string group = "traefik.io", string ns = "traefik") => $"/apis/{group}/v1alpha1/namespaces/{ns}/ingressroutes";

    public Task<TargetResult> ApplyAsync(params string[] ranges) => Target.ApplyAsync(List(ranges), TestContext.Current.CancellationToken);

    public Task<TargetState> InspectAsync(params string[] ranges) => Target.InspectAsync(List(ranges), TestContext.Current.CancellationToken);

    /// <summary>"IngressRoute devops-agent-deny", of all kinds that a way may make.</summary>
    public async Task<IReadOnlyList<string>> ObjectsAsync(string group = "traefik.io", string ns = "traefik")
    {
        string[] paths = [$"/apis/{group}/v1alpha1/namespaces/{ns}/middlewares", Routes(group, ns), $"/apis/{group}/v1alpha1/namespaces/{ns}/ingressroutetcps", $"/apis/{group}/v1alpha1/namespaces/{ns}/middlewaretcps", $"/api/v1/namespaces/{ns}/services", $"/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies"];
        var found = new List<string>();
        foreach (var path in paths)
        {
            found.AddRange((await _server.ListAsync(path)).Select(i => $"{path[(path.LastIndexOf('/') + 1)..]} {(string?)i["metadata"]!["name"]}").Where(static n => n.Contains("devops-agent-deny", StringComparison.Ordinal)));
        }

        return found;
    }

    public async Task<string> RuleAsync(string route = "devops-agent-deny", string group = "traefik.io") =>
        (string?)(await _server.SendAsync(HttpMethod.Get, $"{Routes(group)}/{route}"))["spec"]?["routes"]?[0]?["match"] ?? "";

    /// <summary>As kubectl edit does it.</summary>
    public Task<JsonObject> EditAsync(string path, string patch, string manager = "kubectl-edit") =>
        _server.SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}", JsonNode.Parse(patch), "application/merge-patch+json");

    public async ValueTask DisposeAsync()
    {
        await Target.ApplyAsync(DenyList.Empty, CancellationToken.None);
        await Target.DisposeAsync();
    }
}
