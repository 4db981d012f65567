using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Reads what an inspection looks at. What RBAC keeps from us, or the cluster doesn't have, becomes a <see cref="Gap"/>; only a cluster
/// that doesn't answer at all is an exception.
/// </summary>
internal sealed class ClusterReader(IKubernetesApi api)
{
    /// <summary>Where a kind may not be listed in the whole cluster, it is asked for in at most so many namespaces.</summary>
    public const int MaxNamespaces = 48;

    /// <summary>The reason of a <see cref="KubernetesException"/> by which a recording says that it doesn't hold what was asked.</summary>
    public const string NotRecorded = "NotRecorded";

    private readonly ClusterObjects _found = new();
    private IReadOnlyList<ResourceType> _types = [];

    /// <exception cref="KubernetesException">The cluster doesn't answer, or doesn't know us.</exception>
    public async Task<ClusterObjects> ReadAsync(CancellationToken cancellationToken)
    {
        _types = await api.DiscoverAsync(cancellationToken);
        _found.Groups = [.. _types.Select(static t => t.Group).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        await ListAsync(WantedKinds.Namespaces, Selection.All, cancellationToken);
        foreach (var kind in WantedKinds.Others)
        {
            await ListAsync(kind, Selection.All, cancellationToken);
        }

        foreach (var kind in WantedKinds.Workloads)
        {
            await ListAsync(kind, Selection.All, cancellationToken);
        }

        _found.Sort();
        if (!TraefikWorkload.AllOf(_found).Any())
        {
            await ListAsync(WantedKinds.Pods, new(Labels: "app.kubernetes.io/name=traefik"), cancellationToken);
            _found.Sort();
        }

        foreach (var source in TraefikWorkload.AllOf(_found).SelectMany(static w => w.Sources).Distinct().Order().ToList())
        {
            await GetAsync(source, cancellationToken);
        }

        if (!_types.Any(static t => t.Group is WantedKinds.Traefik or WantedKinds.OldTraefik))
        {
            _found.Gaps.Add(new(WantedKinds.Traefik, GapReason.NotServed, "Traefik's CRDs are not installed: there are no middlewares and routes of its own, and none of ours can be made"));
        }

        _found.Sort();
        return _found;
    }

    private async Task ListAsync(WantedKind kind, Selection selection, CancellationToken cancellationToken)
    {
        if (Best(kind) is not { } type)
        {
            return;
        }

        _found.Served.Add(type);
        try
        {
            Take(type, await api.ListAsync(type, null, selection, cancellationToken));
            _found.Read.Add(type.Kind);
        }
        catch (KubernetesException e) when (e.Fault == KubernetesFault.Forbidden && type.Namespaced)
        {
            var read = await ListInNamespacesAsync(type, selection, cancellationToken);
            var where = read.Count == 0 ? "" : $"; read only in namespace {string.Join(", ", read)}";
            _found.Gaps.Add(new(kind.Name, GapReason.Forbidden, $"not known: {kind.Lost}{where}", Rule(e, kind)));
        }
        catch (KubernetesException e) when (IsGap(e))
        {
            _found.Gaps.Add(new(kind.Name, ReasonOf(e), $"not known: {kind.Lost}", e.Fault == KubernetesFault.Forbidden ? Rule(e, kind) : null));
        }
    }

    private async Task<List<string>> ListInNamespacesAsync(ResourceType type, Selection selection, CancellationToken cancellationToken)
    {
        var read = new List<string>();
        foreach (var ns in Candidates())
        {
            try
            {
                Take(type, await api.ListAsync(type, ns, selection, cancellationToken));
                _found.Read.Add(type.Kind);
                read.Add(ns);
            }
            catch (KubernetesException e) when (IsGap(e))
            {
                // This one isn't ours to read either.
            }
        }

        return read;
    }

    /// <summary>Namespaces by how likely Traefik is there, then by name.</summary>
    private IEnumerable<string> Candidates()
    {
        var services = _found.Of("Service").Where(static s => Likely(s.Ref.Name) || s.Labels.Any(static l => l.Key == "app.kubernetes.io/name" && Likely(l.Value))).Select(static s => s.Namespace).ToHashSet(StringComparer.Ordinal);
        var all = _found.Of("Namespace").Select(static n => n.Ref.Name).Concat(services).Append("traefik").Append("kube-system").Distinct(StringComparer.Ordinal);
        return all.OrderBy(ns => services.Contains(ns) ? 0 : Likely(ns) ? 1 : ns == "kube-system" ? 2 : 3).ThenBy(static ns => ns, StringComparer.Ordinal).Take(MaxNamespaces);

        static bool Likely(string name) => name.Contains("traefik", StringComparison.OrdinalIgnoreCase);
    }

    private async Task GetAsync(ObjectRef source, CancellationToken cancellationToken)
    {
        var type = new ResourceType("", "v1", source.Kind == "Secret" ? "secrets" : "configmaps", source.Kind, true);
        try
        {
            if (await api.GetAsync(type, source.Namespace, source.Name, cancellationToken) is { } json && ClusterObject.Of(type, json) is { } item)
            {
                _found.Add(item);
                return;
            }

            _found.Gaps.Add(new(source.ToString(), GapReason.Failed, "Traefik's pods mount it, but there is no such object"));
        }
        catch (KubernetesException e) when (IsGap(e))
        {
            var rule = e.Fault != KubernetesFault.Forbidden ? null
                : e.MissingRule ?? $$"""{apiGroups: [""], resources: [{{type.Plural}}], resourceNames: [{{source.Name}}], verbs: [get]}""";
            _found.Gaps.Add(new(source.ToString(), ReasonOf(e), "not known: what Traefik reads from it", rule));
        }
    }

    private void Take(ResourceType type, ObjectList list)
    {
        foreach (var json in list.Items)
        {
            if (ClusterObject.Of(type, json) is { } item)
            {
                _found.Add(item);
            }
        }
    }

    /// <summary>The version to read where several are served: v1 before v1beta1 before v1alpha2, as the API's own order is.</summary>
    private ResourceType? Best(WantedKind kind) => _types
        .Where(t => t.Group == kind.Group && t.Plural == kind.Plural)
        .OrderBy(static t => t.Version.Contains("alpha", StringComparison.Ordinal) ? 2 : t.Version.Contains("beta", StringComparison.Ordinal) ? 1 : 0)
        .ThenByDescending(static t => Digits(t.Version)).ThenBy(static t => t.Version, StringComparer.Ordinal).FirstOrDefault();

    // "v1beta2" -> 1002
    private static int Digits(string version)
    {
        var numbers = version.Split('v', 'a', 'l', 'p', 'h', 'b', 'e', 't').Where(static n => n.Length is > 0 and < 4)
            .Select(static n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
        return numbers.Length == 0 ? 0 : (numbers[0] * 1000) + (numbers.Length > 1 ? numbers[1] : 0);
    }

    private static bool IsGap(KubernetesException e) => e.Fault is KubernetesFault.Forbidden or KubernetesFault.NotFound or KubernetesFault.Invalid;

    private static GapReason ReasonOf(KubernetesException e) =>
        e.Reason == NotRecorded ? GapReason.NotRecorded
        : e.Fault switch
        {
            KubernetesFault.Forbidden => GapReason.Forbidden,
            KubernetesFault.NotFound => GapReason.NotServed,
            _ => GapReason.Failed,
        };

    private static string Rule(KubernetesException e, WantedKind kind) =>
        e.MissingRule is { Length: > 0 } rule ? ShownText.Of(rule) : $"{{apiGroups: [\"{kind.Group}\"], resources: [{kind.Plural}], verbs: [list]}}";
}
