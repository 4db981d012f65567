using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes.Client;
using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>An inspection of the real API server, with the agent's own rights.</summary>
[Collection(KubernetesTests.Name)]
public sealed class InspectionTests(ApiServer server) : IAsyncLifetime
{
    private static readonly string[] Paths =
    [
        "/apis/apps/v1/namespaces/traefik/deployments/traefik", "/api/v1/namespaces/traefik/services/traefik", "/apis/networking.k8s.io/v1/ingressclasses/traefik",
        .. ((string[])["shop", "blog", "infra"]).SelectMany(static ns => (string[])
        [
            $"/apis/traefik.io/v1alpha1/namespaces/{ns}/middlewares", $"/apis/traefik.io/v1alpha1/namespaces/{ns}/middlewaretcps", $"/apis/traefik.io/v1alpha1/namespaces/{ns}/ingressroutes",
            $"/apis/traefik.io/v1alpha1/namespaces/{ns}/ingressroutetcps", $"/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses",
        ]),
    ];

    private static string Manifest => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Cases", "kubernetes", "mini-cluster.yaml"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The server is shared: what this test made would be found by others.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var path in Paths)
        {
            await server.SendAsync(HttpMethod.Delete, path);
        }
    }

    [Fact]
    public async Task A_live_cluster_gives_the_picture_of_its_manifests()
    {
        server.Needed();
        await server.CreateAsync(Manifest);
        using var api = KubernetesApi.Connect(new() { Kubeconfig = server.Kubeconfig }, TimeProvider.System);

        var live = await new ClusterInspector(api).InspectAsync(TestContext.Current.CancellationToken);
        var recorded = await new ClusterInspector(Recording.Read(Manifest, "manifests")).InspectAsync(TestContext.Current.CancellationToken);

        live.Edges.Single().Way.Kind.ShouldBe(WayKind.DenyRoutes);
        live.Edges.Single().Way.ReviewReasons.ShouldBeEmpty();
        live.Edges.Single().Settings.Workload!.Place.ShouldBe("traefik/traefik");
        Told(live, "routes").ShouldBe(Told(recorded, "routes"));
        Told(live, "other_middlewares").ShouldBe(Told(recorded, "other_middlewares"));
        Told(live, "today").ShouldBe(Told(recorded, "today"));
        live.Patterns.Select(static p => $"{p.Object} {p.Path} {string.Join(' ', p.Ranges)} {p.Covers}").ShouldBe(recorded.Patterns.Select(static p => $"{p.Object} {p.Path} {string.Join(' ', p.Ranges)} {p.Covers}"));
        live.Gaps.ShouldBeEmpty();

        var again = await new ClusterInspector(api).InspectAsync(TestContext.Current.CancellationToken);
        PictureJson.Text(PictureJson.Of(again, PictureLimits.Whole)).ShouldBe(PictureJson.Text(PictureJson.Of(live, PictureLimits.Whole)));
    }

    private static string Told(ClusterPicture picture, string key) => PictureJson.Of(picture, PictureLimits.Whole)[key] is JsonArray list ? PictureJson.Text(new JsonObject { [key] = list.DeepClone() }) : "";
}
