using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes.Blocking;
using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

public sealed class LayoutChoiceTests
{
    private static readonly DenyPlacement Placement = new()
    {
        ApiVersion = "traefik.io/v1alpha1",
        Namespace = "edge",
        Labels = new Dictionary<string, string> { ["tier"] = "edge", ["app"] = "x" },
        IngressClass = "internal",
        AllowList = "ipAllowList",
        RuleSyntax = "v3",
        EntryPoints = [new("web", true, true, ClientSight.Peer, ""), new("mixed", true, false, ClientSight.Peer, "")],
        TcpEntryPoints = [new("mqtt", true, false, ClientSight.Peer, "")],
        Throttle = "2s",
    };

    [Fact]
    public void Auto_takes_what_the_inspection_chose_as_Traefik_reads_it()
    {
        var layout = LayoutChoice.Of(Picture(Edge(WayKind.DenyRoutes)), Config("auto"));

        layout.Way.ShouldBe(BlockingWay.Routes);
        layout.Namespace.ShouldBe("edge");
        layout.EntryPoints.ShouldBe(["web", "mixed"]);
        layout.TlsEntryPoints.ShouldBe(["web"]);
        layout.TcpEntryPoints.ShouldBe(["mqtt"]);
        layout.Labels.Select(static l => $"{l.Key}={l.Value}").ShouldBe(["app=x", "tier=edge"]);
        layout.IngressClass.ShouldBe("internal");
        layout.Forwarded.ShouldBeFalse();
        layout.Because.ShouldBe("It is so.");
    }

    [Theory]
    [InlineData(nameof(PatternKind.AddressRoute), "Routes", 404)]
    [InlineData(nameof(PatternKind.TcpAddressRoute), "TcpRoutes", 404)]
    [InlineData(nameof(PatternKind.NetworkPolicy), "NetworkPolicy", 0)]
    [InlineData(nameof(PatternKind.FileConfiguration), "Routes", 404)]
    public void A_pattern_of_the_cluster_is_taken_over(string kind, string way, int status)
    {
        var layout = LayoutChoice.Of(Picture(Edge(WayKind.ExistingPattern, Model(Enum.Parse<PatternKind>(kind)))), Config("auto"));

        layout.Way.ToString().ShouldBe(way);
        layout.RejectStatus.ShouldBe(status);
    }

    [Fact]
    public void The_list_of_somebody_is_only_used_where_the_user_names_it()
    {
        var picture = Picture(Edge(WayKind.ConfigMapList));
        Should.Throw<LayoutException>(() => LayoutChoice.Of(picture, Config("auto"))).Message.ShouldContain("set blocking.kubernetes.config_map");
        var layout = LayoutChoice.Of(picture, Config("config_map", static k => k with { ConfigMap = "traefik/blocklist/ips.txt" }));
        layout.Place.ShouldBe("ConfigMap traefik/blocklist, ips.txt");
    }

    [Fact]
    public void The_configuration_decides_where_both_speak()
    {
        var layout = LayoutChoice.Of(Picture(Edge(WayKind.DenyRoutes)), Config("routes", static k => k with { Name = "shield", EntryPoints = ["web", "mixed", "late"], TcpEntryPoints = ["smtp"] }));
        layout.Name.ShouldBe("shield");
        layout.EntryPoints.ShouldBe(["web", "mixed", "late"]);
        layout.TlsEntryPoints.ShouldBe(["web", "late"]);
        layout.TcpEntryPoints.ShouldBe(["smtp"]);
    }

    [Fact]
    public void A_way_that_can_not_hold_is_refused_also_if_it_is_asked_for()
    {
        var edge = Edge(WayKind.None) with { Settings = new() { Workload = new("apps/v1", "Deployment", "edge", "traefik") } };
        edge = edge with { Way = edge.Way with { Ways = [new(WayKind.DenyRoutes, false, false, [], ["The CRD provider is off."])], Placement = null } };

        Should.Throw<LayoutException>(() => LayoutChoice.Of(Picture(edge), Config("routes"))).Message.ShouldContain("The CRD provider is off");
        Should.Throw<LayoutException>(() => LayoutChoice.Of(Picture(edge), Config("auto"))).Message.ShouldContain("no way to deny");
    }

    [Fact]
    public void Behind_a_balancer_the_header_is_matched_or_it_is_refused()
    {
        var behind = Edge(WayKind.DenyRoutes) with { };
        behind = behind with { Way = behind.Way with { Placement = Placement with { EntryPoints = [new("web", true, true, ClientSight.ForwardedFor, "Traefik trusts 10.0.0.0/8")] } } };
        Should.Throw<LayoutException>(() => LayoutChoice.Of(Picture(behind), Config("auto"))).Message.ShouldContain("would deny everybody: name the balancer's addresses in trusted_proxies");

        var config = Config("auto") with { Logs = [new() { Path = "/x.log", TrustedProxies = [AddressRange.Parse("10.0.0.0/8")] }] };
        LayoutChoice.Of(Picture(behind), config).Forwarded.ShouldBeTrue();

        var hidden = behind with { Way = behind.Way with { Placement = Placement with { EntryPoints = [new("web", true, true, ClientSight.Hidden, "externalTrafficPolicy Cluster")] } } };
        Should.Throw<LayoutException>(() => LayoutChoice.Of(Picture(hidden), config)).Message.ShouldContain("never sees who the client is (externalTrafficPolicy Cluster)");
    }

    [Fact]
    public void Of_two_Traefiks_one_must_be_named()
    {
        var other = Edge(WayKind.DenyRoutes);
        other = other with { Way = other.Way with { Placement = Placement with { Namespace = "inner" } } };
        var picture = Picture(Edge(WayKind.DenyRoutes), other);

        Should.Throw<LayoutException>(() => LayoutChoice.Of(picture, Config("auto"))).Message.ShouldContain("2 Traefiks");
        LayoutChoice.Of(picture, Config("auto", static k => k with { Namespace = "inner" })).Namespace.ShouldBe("inner");
    }

    [Fact]
    public void Where_no_Traefik_is_to_be_seen_the_user_says_where()
    {
        Should.Throw<LayoutException>(() => LayoutChoice.Of(Picture(), Config("auto"))).Message.ShouldContain("no Traefik was found");
        Should.Throw<LayoutException>(() => LayoutChoice.Of(Picture(), Config("routes", static k => k with { Namespace = "traefik" }))).Message.ShouldContain("not installed");

        var earlier = Picture() with { Served = [DenyKinds.Route(DenyKinds.EarlierGroup)] };
        var layout = LayoutChoice.Of(earlier, Config("routes", static k => k with { Namespace = "traefik" }));
        (layout.Group, layout.AllowList, layout.SecondSyntax).ShouldBe(("traefik.containo.us", "ipWhiteList", true));
        layout.EntryPoints.ShouldBe(["web", "websecure"]);

        var both = Picture() with { Served = [DenyKinds.Route(DenyKinds.EarlierGroup), DenyKinds.Route(DenyKinds.CurrentGroup)] };
        LayoutChoice.Of(both, Config("routes", static k => k with { Namespace = "traefik" })).Group.ShouldBe("traefik.io");
    }

    [Fact]
    public void The_earlier_group_gets_the_form_that_it_knows()
    {
        var layout = LayoutChoice.Of(Picture() with { Served = [DenyKinds.Route(DenyKinds.EarlierGroup)] }, Config("routes", static k => k with { Namespace = "traefik" }));
        var objects = RouteForm.Objects(layout, TargetWorld.List("203.0.113.7"));

        objects.Select(static o => o.Body["kind"]!.GetValue<string>()).ShouldBe(["Middleware", "IngressRoute", "IngressRoute"]);
        objects[0].Body["spec"]!.ToJsonString().ShouldBe("""{"ipWhiteList":{"sourceRange":["255.255.255.255/32"]}}""");
        objects[1].Body["apiVersion"]!.GetValue<string>().ShouldBe("traefik.containo.us/v1alpha1");
        objects[1].Body["spec"]!["routes"]![0]!["services"]!.ToJsonString().ShouldBe("""[{"name":"noop@internal","kind":"TraefikService"}]""");
    }

    private static AgentConfig Config(string way, Func<KubernetesBlockingConfig, KubernetesBlockingConfig>? change = null)
    {
        var kubernetes = new KubernetesBlockingConfig { Way = way };
        return new() { Blocking = new() { Kubernetes = change?.Invoke(kubernetes) ?? kubernetes } };
    }

    private static TraefikEdge Edge(WayKind way, BlockingPattern? model = null) => new(
        new() { Workload = new("apps/v1", "Deployment", "edge", "traefik"), PodLabels = ["app=traefik"] }, [],
        new() { Kind = way, Reason = "It is so.", Ways = [new(WayKind.DenyRoutes, true, true, [], [])], Model = model, ReviewReasons = [], Placement = Placement });

    private static BlockingPattern Model(PatternKind kind) => new()
    {
        Kind = kind,
        Effect = PatternEffect.Denies,
        Object = new("traefik.io/v1alpha1", "IngressRoute", "edge", "blocked"),
        Path = "spec",
        Ranges = [],
        Count = 1,
        Status = 404,
        Protects = [],
        CanDenyReason = "It denies.",
    };

    private static ClusterPicture Picture(params TraefikEdge[] edges) => new()
    {
        Source = "context fake",
        Served = [],
        Gaps = [],
        Edges = edges,
        Patterns = [],
        OtherMiddlewares = [],
        Routes = [],
        Policies = new(Enforcement.Unknown, "", ""),
        Today = [],
    };
}
