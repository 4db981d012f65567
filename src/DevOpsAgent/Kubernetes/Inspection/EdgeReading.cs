namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>One Traefik with all that was found out about it, before judging.</summary>
internal sealed class EdgeReading
{
    private EdgeReading(TraefikSettings settings, TraefikWorkload? workload, EdgeServices? services, ClusterObjects objects)
    {
        (Settings, Workload, Services) = (settings, workload, services);
        Files = new(workload, settings, objects);
        Watching = new(settings, objects);
    }

    public TraefikSettings Settings { get; }
    public TraefikWorkload? Workload { get; }

    /// <summary>Null: the pods aren't known.</summary>
    public EdgeServices? Services { get; }
    public DynamicFiles Files { get; }
    public Watching Watching { get; }
    public IReadOnlyList<RouteFacts> Routes { get; private set; } = [];

    /// <summary>Of routes that carry traffic and that it serves.</summary>
    public IEnumerable<RouteFacts> Served(bool tcp) => Routes.Where(r => r.Route.Seen && !r.Denies && r.Route.Tcp == tcp);

    public static IReadOnlyList<EdgeReading> AllOf(ClusterObjects objects)
    {
        var edges = TraefikWorkload.AllOf(objects).Select(w => Of(w, objects)).ToList();
        if (edges.Count == 0 && Traces(objects))
        {
            edges.Add(new(Assumed(objects, new(), null), null, null, objects));
        }

        foreach (var edge in edges)
        {
            edge.ReadRoutes(objects);
        }

        return edges;
    }

    private static EdgeReading Of(TraefikWorkload workload, ClusterObjects objects)
    {
        var settings = SettingsReader.Of(workload, StaticConfiguration.Of(workload, objects));
        var services = new EdgeServices(workload, objects);
        settings = settings.Complete ? settings : Assumed(objects, settings, workload);
        return new(settings with { EntryPoints = [.. settings.EntryPoints.Select(services.Judge)] }, workload, services, objects);
    }

    /// <summary>Something in the cluster is meant for a Traefik.</summary>
    private static bool Traces(ClusterObjects objects) =>
        objects.Served.Exists(static t => t.Group is WantedKinds.Traefik or WantedKinds.OldTraefik)
        || objects.Of("IngressClass").Any(static c => c.Spec.At("controller").Text() == "traefik.io/ingress-controller")
        || objects.Of("GatewayClass").Any(static c => c.Spec.At("controllerName").Text() == "traefik.io/gateway-controller")
        || objects.Of("Ingress").Any(static i => i.Annotations.Keys.Any(static k => k.StartsWith("traefik.ingress.kubernetes.io/", StringComparison.Ordinal)));

    /// <summary>What can be assumed of a Traefik whose configuration could not be read: the providers whose kinds are served, the entry points that routes name.</summary>
    private static TraefikSettings Assumed(ClusterObjects objects, TraefikSettings known, TraefikWorkload? workload)
    {
        const string Reason = "Traefik's configuration was not read";
        var probe = new Watching(known, objects);
        var named = RouteDrafts.Of(objects, probe).SelectMany(static d => d.EntryPoints).Select(static n => ShownText.Of(n, 100)).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).ToList();

        // The names of Traefik's own chart.
        var points = named.Count > 0 ? named : ["web", "websecure"];
        return known with
        {
            Complete = false,
            EntryPoints = [.. points.Select(static n => new EntryPoint { Name = n, IsDefault = true, Tls = n == "websecure", SightReason = Reason })],
            Crd = new() { Enabled = objects.Serves(WantedKinds.Traefik, "IngressRoute") || objects.Serves(WantedKinds.OldTraefik, "IngressRoute") },
            Ingress = new() { Enabled = true },
            Gateway = new() { Enabled = objects.Serves(WantedKinds.Gateway, "HTTPRoute") },
            Remarks = [.. known.Remarks, workload is null
                ? "no workload that runs Traefik was found or readable: entry points are those that routes name (or web and websecure), providers those whose kinds are served"
                : "entry points are assumed from what routes name (or web and websecure), providers from the kinds that are served"],
        };
    }

    private void ReadRoutes(ClusterObjects objects)
    {
        var resolver = new RouteResolver(Watching, new(objects, Files, Watching));
        var lists = new MiddlewareLists(objects, Files);
        Routes = [.. RouteDrafts.Of(objects, Watching).Concat(Files.Routes()).Select(resolver.Resolve).Select(r => r with { Denies = lists.Refuses(r) })];
    }
}
