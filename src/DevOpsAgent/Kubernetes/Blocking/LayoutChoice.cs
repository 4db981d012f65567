using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// From what an inspection found and what the user configured to the form of our objects. The configuration decides where both
/// speak; what can't hold in this cluster is refused with the reason, also if the configuration asks for it.
/// </summary>
internal static class LayoutChoice
{
    /// <exception cref="LayoutException">There is no right way, or not one that the user has chosen.</exception>
    public static DenyLayout Of(ClusterPicture picture, AgentConfig config)
    {
        var wanted = config.Blocking.Kubernetes;
        var edge = EdgeOf(picture, wanted);
        return Choose(picture, edge, config) with { ReviewReasons = Reasons(edge, wanted) };
    }

    /// <summary>Who names way and namespace himself vouches for what can't be read; who a client is stays a question all the same.</summary>
    private static IReadOnlyList<string> Reasons(TraefikEdge? edge, KubernetesBlockingConfig wanted) =>
        edge is null || (wanted.Way != "auto" && !edge.Settings.Known) ? [] : edge.Way.ReviewReasons;

    private static DenyLayout Choose(ClusterPicture picture, TraefikEdge? edge, AgentConfig config)
    {
        var wanted = config.Blocking.Kubernetes;
        if (wanted.Way == "config_map" || (wanted.Way == "auto" && Meant(edge, wanted) == BlockingWay.ConfigMap))
        {
            return List(edge, wanted);
        }

        var way = WayOf(edge, wanted);
        return way == BlockingWay.NetworkPolicy ? Policy(edge, wanted) : Routes(way, picture, edge, config);
    }

    /// <summary>Null: no Traefik is to be seen, and the user says all that is needed.</summary>
    private static TraefikEdge? EdgeOf(ClusterPicture picture, KubernetesBlockingConfig wanted)
    {
        var edges = picture.Edges.Where(e => wanted.Namespace is null || e.Way.Placement?.Namespace == wanted.Namespace || e.Settings.Workload?.Namespace == wanted.Namespace || e.Settings.Crd.Namespaces.Contains(wanted.Namespace, StringComparer.Ordinal)).ToArray();
        if (edges.Length > 1)
        {
            throw new LayoutException($"{edges.Length} Traefiks are in this cluster ({string.Join(", ", edges.Select(static e => e.Settings.Workload?.ToString() ?? "one whose workload is not to be seen"))}): name the namespace of one in blocking.kubernetes.namespace");
        }

        if (edges.Length == 0 && (wanted.Way == "auto" || wanted.Namespace is null))
        {
            throw new LayoutException($"no Traefik was found in {picture.Source}{(wanted.Namespace is { } ns ? $" for the namespace {ns}" : "")}: see 'devops-agent inspect', or set blocking.kubernetes.way and blocking.kubernetes.namespace");
        }

        return edges.FirstOrDefault();
    }

    private static BlockingWay WayOf(TraefikEdge? edge, KubernetesBlockingConfig wanted)
    {
        if (wanted.Way == "auto")
        {
            return Meant(edge, wanted) ?? throw new LayoutException($"no way to deny clients was found: {edge!.Way.Reason.TrimEnd('.')}");
        }

        var (way, kind) = wanted.Way switch
        {
            "tcp_routes" => (BlockingWay.TcpRoutes, WayKind.TcpDenyRoutes),
            "network_policy" => (BlockingWay.NetworkPolicy, WayKind.NetworkPolicy),
            _ => (BlockingWay.Routes, WayKind.DenyRoutes),
        };
        if (edge?.Settings.Known == true && edge.Way.Ways.FirstOrDefault(w => w.Kind == kind) is { Possible: false } verdict)
        {
            throw new LayoutException($"blocking.kubernetes.way is {wanted.Way}, which can't hold here: {string.Join("; ", verdict.Against.DefaultIfEmpty(edge.Way.Reason)).TrimEnd('.')}");
        }

        return way;
    }

    /// <summary>The inspection's choice as a form of ours; null: none.</summary>
    private static BlockingWay? Meant(TraefikEdge? edge, KubernetesBlockingConfig wanted) => edge?.Way switch
    {
        { Kind: WayKind.ExistingPattern, Model: { } model } => model.Kind switch
        {
            PatternKind.TcpAddressRoute or PatternKind.TcpAllowListMiddleware => BlockingWay.TcpRoutes,
            PatternKind.NetworkPolicy => BlockingWay.NetworkPolicy,
            PatternKind.FileConfiguration or PatternKind.MountedList when wanted.ConfigMap is not null || !edge.Way.Ways.Any(static w => w is { Kind: WayKind.DenyRoutes, Possible: true }) => BlockingWay.ConfigMap,
            _ => BlockingWay.Routes,
        },
        { Kind: WayKind.ExistingPattern or WayKind.DenyRoutes } => BlockingWay.Routes,
        { Kind: WayKind.TcpDenyRoutes } => BlockingWay.TcpRoutes,
        { Kind: WayKind.ConfigMapList } => BlockingWay.ConfigMap,
        { Kind: WayKind.NetworkPolicy } => BlockingWay.NetworkPolicy,
        _ => null,
    };

    private static DenyLayout Routes(BlockingWay way, ClusterPicture picture, TraefikEdge? edge, AgentConfig config)
    {
        var wanted = config.Blocking.Kubernetes;
        var placement = edge?.Way.Placement;
        var group = placement?.ApiVersion.Split('/')[0] ?? DenyKinds.GroupOf(picture.Served)
            ?? throw new LayoutException($"Traefik's custom resources (IngressRoute of {DenyKinds.CurrentGroup} or {DenyKinds.EarlierGroup}) are not installed in {picture.Source}: install them, or turn on Traefik's file provider and set blocking.directory");
        var (plain, tls) = way == BlockingWay.Routes ? HttpEntryPoints(placement, wanted, config.Blocking) : ([], []);
        var tcp = wanted.TcpEntryPoints.Count > 0 ? wanted.TcpEntryPoints : [.. (placement?.TcpEntryPoints ?? []).Where(static e => e.Plain).Select(static e => e.Name)];
        if (way == BlockingWay.TcpRoutes && tcp.Count == 0)
        {
            throw new LayoutException("no TCP entry point is known: name it in blocking.kubernetes.tcp_entry_points");
        }

        if (tcp.Count > 0 && group == DenyKinds.EarlierGroup)
        {
            tcp = way == BlockingWay.Routes ? [] : throw new LayoutException($"TCP routes that deny need Traefik 2.10 or later ({DenyKinds.CurrentGroup}); this cluster has {DenyKinds.EarlierGroup}");
        }

        return new()
        {
            Way = way,
            Because = edge?.Way.Reason ?? "blocking.kubernetes.way says so.",
            Namespace = wanted.Namespace ?? placement?.Namespace ?? edge?.Settings.Workload?.Namespace ?? throw new LayoutException("the namespace is not known: set blocking.kubernetes.namespace to one that Traefik watches"),
            Name = wanted.Name,
            Group = group,
            EntryPoints = plain,
            TlsEntryPoints = tls,
            TcpEntryPoints = tcp,
            Labels = Sorted(placement?.Labels),
            IngressClass = placement?.IngressClass,
            Forwarded = way == BlockingWay.Routes && IsForwarded(placement, config),
            SecondSyntax = placement is null ? group == DenyKinds.EarlierGroup : placement.RuleSyntax == "v2",
            AllowList = placement?.AllowList ?? (group == DenyKinds.EarlierGroup ? "ipWhiteList" : "ipAllowList"),
            RejectStatus = edge?.Way is { Kind: WayKind.ExistingPattern, Model.Status: >= 400 and < 600 and not 403 and not 444 and var status } ? status : 0,
        };
    }

    private static (IReadOnlyList<string> Plain, IReadOnlyList<string> Tls) HttpEntryPoints(DenyPlacement? placement, KubernetesBlockingConfig wanted, BlockingConfig blocking)
    {
        if (wanted.EntryPoints.Count > 0)
        {
            // Named by the user, but a TLS twin that hangs a mail server is not what he meant.
            var hang = (placement?.EntryPoints ?? []).Where(static e => !e.Tls).Select(static e => e.Name).ToHashSet(StringComparer.Ordinal);
            return (wanted.EntryPoints, [.. wanted.EntryPoints.Where(e => !hang.Contains(e))]);
        }

        if (placement is { EntryPoints.Count: > 0 } found)
        {
            return ([.. found.EntryPoints.Where(static e => e.Plain).Select(static e => e.Name)], [.. found.EntryPoints.Where(static e => e.Tls).Select(static e => e.Name)]);
        }

        return (blocking.EntryPoints, blocking.EntryPoints);
    }

    /// <summary>Clients come through a proxy that names them in X-Forwarded-For.</summary>
    private static bool IsForwarded(DenyPlacement? placement, AgentConfig config)
    {
        var proxies = config.TrustsProxies();
        var seen = placement?.EntryPoints ?? [];
        if (seen.FirstOrDefault(static e => e.Sight == ClientSight.Hidden) is { } hidden)
        {
            throw new LayoutException($"at entry point {hidden.Name} Traefik never sees who the client is ({hidden.SightReason.TrimEnd('.')}): a denial would hit everybody or nobody. Let the balancer speak PROXY protocol or let Traefik trust its X-Forwarded-For, or set externalTrafficPolicy: Local");
        }

        if (!proxies && seen.FirstOrDefault(static e => e.Sight == ClientSight.ForwardedFor) is { } forwarded)
        {
            throw new LayoutException($"at entry point {forwarded.Name} Traefik's peer is a balancer ({forwarded.SightReason.TrimEnd('.')}), and a denial of the peer would deny everybody: name the balancer's addresses in trusted_proxies of the log, so that its X-Forwarded-For is read");
        }

        return proxies;
    }

    private static DenyLayout List(TraefikEdge? edge, KubernetesBlockingConfig wanted)
    {
        if (wanted.ConfigMap?.Split('/') is not [var ns, var name, var key])
        {
            var model = edge?.Way.Model is { } m ? $" ({m.Object}, {m.Path})" : "";
            throw new LayoutException($"this cluster denies by a list in a ConfigMap{model}. It belongs to somebody, so it is changed only where you name it: set blocking.kubernetes.config_map to namespace/name/key, or blocking.kubernetes.way to routes");
        }

        return new() { Way = BlockingWay.ConfigMap, Because = "blocking.kubernetes.config_map names a list that Traefik reads.", Namespace = ns, Name = wanted.Name, List = (name, key) };
    }

    private static DenyLayout Policy(TraefikEdge? edge, KubernetesBlockingConfig wanted)
    {
        var labels = wanted.PodLabels?.Split(',') ?? edge?.Settings.PodLabels ?? [];
        if (labels.Count == 0)
        {
            throw new LayoutException("Traefik's pods are not known: name their labels in blocking.kubernetes.pod_labels");
        }

        return new()
        {
            Way = BlockingWay.NetworkPolicy,
            Because = wanted.Way == "auto" ? edge!.Way.Reason : "blocking.kubernetes.way says so.",
            Namespace = wanted.Namespace ?? edge?.Settings.Workload?.Namespace ?? throw new LayoutException("the namespace of Traefik's pods is not known: set blocking.kubernetes.namespace"),
            Name = wanted.Name,
            PodLabels = Sorted(labels.Select(static l => l.Split('=', 2)).ToDictionary(static l => l[0], static l => l.Length > 1 ? l[1] : "", StringComparer.Ordinal)),
        };
    }

    private static SortedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string>? labels) =>
        new((labels ?? new Dictionary<string, string>(StringComparer.Ordinal)).ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
}
