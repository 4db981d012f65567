using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Chooses how to block at one Traefik, by fixed rules: the same cluster gives the same way and the same words. What is preferred is what
/// covers every route, edits nobody's object, and fails open.
/// </summary>
/// <param name="named">A ConfigMap list that the user named, as "namespace/name" or "namespace/name/key"; null: none.</param>
internal sealed class WayChooser(EdgeReading edge, ClusterObjects objects, IReadOnlyList<BlockingPattern> patterns, PolicyEnforcement policies, string? named)
{
    private readonly TraefikSettings _settings = edge.Settings;
    private readonly DenyPoints _points = DenyPoints.Of(edge);

    public ChosenWay Choose()
    {
        var obstacles = RouteObstacles();
        var model = obstacles.Count > 0 ? null : patterns.FirstOrDefault(p => p is { Kind: PatternKind.AddressRoute, Effect: PatternEffect.Denies, CanDeny: true, Ours: false } && Here(p) && Whole(p));
        var lists = ListCandidates();
        var policyObstacles = PolicyObstacles();
        var list = lists.Find(Named);

        var kind = list is not null ? WayKind.ConfigMapList
            : model is not null ? WayKind.ExistingPattern
            : obstacles.Count == 0 ? WayKind.DenyRoutes
            : policyObstacles.Count == 0 ? WayKind.NetworkPolicy
            : WayKind.None;
        var tcp = _points.Tcp.Count > 0 && obstacles.Count == 0;
        var texts = new WayTexts(_settings, _points, patterns, policies);
        return new()
        {
            Kind = kind,
            Reason = texts.Reason(kind, model, obstacles, lists, list, named),
            Ways =
            [
                texts.Existing(kind == WayKind.ExistingPattern, model, obstacles),
                texts.Deny(kind == WayKind.DenyRoutes, obstacles),
                texts.Tcp(tcp, obstacles),
                texts.List(kind == WayKind.ConfigMapList, lists, list is not null, named),
                texts.Policy(kind == WayKind.NetworkPolicy, policyObstacles),
            ],
            Model = model,
            ReviewReasons = ReviewReasons(kind),
            Placement = kind == WayKind.None ? null : Placement(),
        };
    }

    /// <summary>Why no route of ours would be served.</summary>
    private List<string> RouteObstacles()
    {
        var obstacles = new List<string>();
        if (!objects.Served.Exists(static t => t is { Group: WantedKinds.Traefik or WantedKinds.OldTraefik, Kind: "IngressRoute" }))
        {
            obstacles.Add("Traefik's CRDs are not installed, so there is no IngressRoute to make");
        }
        else if (!objects.Serves(ApiGroup(), "IngressRoute"))
        {
            obstacles.Add($"Traefik {_settings.Version} reads {ApiGroup()}, but the cluster serves only the other group of its CRDs: install the CRDs of this version");
        }

        if (!_settings.Crd.Enabled && _settings.Known)
        {
            obstacles.Add("Traefik's provider kubernetesCRD is off (--providers.kubernetescrd switches it on): it would not read a route of ours");
        }

        if (!LabelSelector.OfText(_settings.Crd.LabelSelector).Readable)
        {
            obstacles.Add($"Traefik selects objects by '{_settings.Crd.LabelSelector}', which can't be read");
        }

        if (_points.Http.Count + _points.Tcp.Count == 0)
        {
            obstacles.Add("Traefik has no entry point that clients can reach");
        }

        return obstacles;
    }

    private List<string> PolicyObstacles()
    {
        var obstacles = new List<string>();
        if (edge.Workload is null)
        {
            obstacles.Add("Traefik's pods are not known");
        }

        if (_settings.HostNetwork)
        {
            obstacles.Add("Traefik's pods are on the node's own network, where no NetworkPolicy applies");
        }

        if (policies.State != Enforcement.Enforced)
        {
            obstacles.Add(policies.State == Enforcement.Ignored ? $"nothing would enforce it: {policies.Reason}" : $"whether it would be enforced isn't known: {policies.Reason}");
        }

        var others = PolicyPatterns.Selecting(objects, edge).Select(static p => p.Place).ToList();
        if (others.Count > 0)
        {
            obstacles.Add($"policies only add up, and others select the same pods already ({PatternFinder.Some(others, 5)}): what they allow, none of ours can deny");
        }

        if (objects.Gaps.Exists(static g => g.What.StartsWith("networkpolicies", StringComparison.Ordinal)))
        {
            obstacles.Add("the NetworkPolicy objects could not be read, so the sum with them isn't known");
        }

        var blind = _points.Http.Concat(_points.Tcp).FirstOrDefault(static p => p.Sight != ClientSight.Peer);
        if (blind is not null)
        {
            obstacles.Add($"the pods may not see the client's own address ({blind.Name}: {blind.SightReason})");
        }

        return obstacles;
    }

    /// <summary>What could take an entry where the user names it: lists that deny, and directories of the file provider that come from a ConfigMap.</summary>
    private List<BlockingPattern> ListCandidates() =>
        [.. patterns.Where(p => !p.Secret && p.Object.Kind == "ConfigMap" && Here(p)
            && (p is { Kind: PatternKind.MountedList, Effect: PatternEffect.Denies } || (p.Kind == PatternKind.FileConfiguration && p.Effect == PatternEffect.Denies && p.CanDeny)))];

    private bool Named(BlockingPattern list) => named is not null
        && (list.Object.Place == named || (named.StartsWith(list.Object.Place + "/", StringComparison.Ordinal) && list.Path.StartsWith($"data[{named[(list.Object.Place.Length + 1)..]}]", StringComparison.Ordinal)));

    /// <summary>It is this Traefik that reads it.</summary>
    private bool Here(BlockingPattern pattern) => pattern.Kind is PatternKind.MountedList or PatternKind.FileConfiguration
        ? edge.Workload?.Sources.Contains(pattern.Object) == true
        : edge.Routes.Any(r => r.Route.Object == pattern.Object && r.Route.Seen);

    /// <summary>It denies on every host, not on some.</summary>
    private bool Whole(BlockingPattern pattern) => edge.Routes.Any(r => r.Route.Object == pattern.Object && r.Origin == pattern.Path && r.Denies && r.Rule.OnlyAddresses);

    private List<string> ReviewReasons(WayKind kind)
    {
        var reasons = new List<string>();
        if (kind == WayKind.None)
        {
            return ["there is no way to block here"];
        }

        if (!_settings.Known)
        {
            reasons.Add("Traefik's configuration was not read: entry points, namespaces and classes are assumed");
        }

        foreach (var point in _points.Http.Concat(_points.Tcp).Where(p => _settings.Known && p.Sight is (ClientSight.Unknown or ClientSight.Hidden)))
        {
            reasons.Add($"entry point {point.Name}: {point.SightReason}");
        }

        if (_settings.Known && kind is WayKind.ConfigMapList)
        {
            reasons.Add("the list belongs to somebody else");
        }

        if (kind == WayKind.NetworkPolicy)
        {
            reasons.Add("a first policy on Traefik's pods shuts out whatever it does not allow: its plan must be read");
        }

        return reasons;
    }

    private DenyPlacement Placement()
    {
        var watched = _settings.Crd.Namespaces;
        var own = _settings.Workload?.Namespace ?? objects.Of("Service").FirstOrDefault(static s => s.Ref.Name == "traefik")?.Namespace
            // Its chart's usual one, unless the cluster has none of that name.
            ?? (objects.Read.Contains("Namespace") && objects.Find("Namespace", null, "traefik") is null ? null : "traefik");
        return new()
        {
            ApiVersion = $"{ApiGroup()}/{objects.Served.Find(t => t.Group == ApiGroup() && t.Kind == "IngressRoute")?.Version ?? "v1alpha1"}",
            Namespace = own is not null && _settings.Crd.Watches(own) ? own : watched.Count > 0 ? watched[0] : own ?? "default",
            Labels = LabelSelector.OfText(_settings.Crd.LabelSelector).Satisfying,
            IngressClass = _settings.Crd.IngressClass.Length > 0 ? _settings.Crd.IngressClass : null,
            AllowList = _settings.Major == 2 && TraefikImage.Minor(_settings.Version) < 11 ? "ipWhiteList" : "ipAllowList",
            RuleSyntax = _settings.RuleSyntax,
            EntryPoints = _points.Http,
            TcpEntryPoints = _points.Tcp,
            Throttle = _settings.Crd.Throttle,
        };
    }

    private string ApiGroup() => _settings.Major switch
    {
        >= 3 => WantedKinds.Traefik,
        2 when TraefikImage.Minor(_settings.Version) is < 10 => WantedKinds.OldTraefik,
        _ => objects.Serves(WantedKinds.Traefik, "IngressRoute") || !objects.Serves(WantedKinds.OldTraefik, "IngressRoute") ? WantedKinds.Traefik : WantedKinds.OldTraefik,
    };
}
