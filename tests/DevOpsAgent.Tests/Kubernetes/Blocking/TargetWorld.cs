using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes.Blocking;
using DevOpsAgent.Tests.Traefik;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

/// <summary>A target on a cluster in memory.</summary>
internal sealed class TargetWorld : IAsyncDisposable
{
    public const string Plain = "IngressRoute traefik/devops-agent-deny";
    public const string Tls = "IngressRoute traefik/devops-agent-deny-tls";

    public TargetWorld(Func<DenyLayout, DenyLayout>? change = null)
    {
        Layout = change?.Invoke(Standard) ?? Standard;
        Target = Start();
    }

    public static DenyLayout Standard { get; } = new()
    {
        Way = BlockingWay.Routes,
        Because = "Nothing here denies by address yet.",
        Namespace = "traefik",
        EntryPoints = ["web", "websecure"],
        TlsEntryPoints = ["websecure"],
    };

    public FakeCluster Cluster { get; } = new();
    public FakeTime Time { get; } = new();
    public DenyLayout Layout { get; set; }
    public KubernetesTarget Target { get; private set; }
    public Exception? Unclear { get; set; }
    public int MaxRanges { get; init; } = 40_000;

    /// <summary>A new process on the same cluster.</summary>
    public KubernetesTarget Start() => Target = new(Cluster, new() { Kubernetes = new() { Way = "auto", MaxRanges = MaxRanges } }, _ => Unclear is null ? Task.FromResult(Layout) : Task.FromException<DenyLayout>(Unclear), null, forwarded: false, Time);

    public static DenyList List(params string[] ranges) => new([.. ranges.Select(AddressRange.Parse).Order()], []);

    public Task<TargetResult> Apply(params string[] ranges) => Target.ApplyAsync(List(ranges), TestContext.Current.CancellationToken);

    public Task<TargetState> Inspect(params string[] ranges) => Target.InspectAsync(List(ranges), TestContext.Current.CancellationToken);

    public bool Denies(string address, string key = Plain)
    {
        var asked = 0;
        return Cluster[key]?["spec"]?["routes"] is JsonArray routes
            && routes.Any(r => RuleLanguage.Parse((string)r!["match"]!).Matches(ClientAddress.Parse(address), ref asked));
    }

    public ValueTask DisposeAsync() => Target.DisposeAsync();
}
