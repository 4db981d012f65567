using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes.Inspection;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>The target that a configuration asks for: what an inspection of the cluster finds decides its form.</summary>
internal static class ClusterTarget
{
    /// <param name="api">Disposed with the target.</param>
    /// <param name="forwarded">See <see cref="DenyFile.Render"/>.</param>
    public static KubernetesTarget Of(IKubernetesApi api, AgentConfig config, TraefikApi? traefik, bool forwarded, TimeProvider time)
    {
        var named = config.Blocking.Kubernetes.ConfigMap is { } list ? list[..list.LastIndexOf('/')] : null;
        var inspector = new ClusterInspector(api, named);
        return new(api, config.Blocking, async cancellationToken => LayoutChoice.Of(await inspector.InspectAsync(cancellationToken), config), traefik, forwarded, time);
    }
}
