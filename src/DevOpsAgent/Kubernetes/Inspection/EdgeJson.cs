using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>One Traefik of a picture as JSON.</summary>
internal static class EdgeJson
{
    private const int MostTrusted = 50;

    public static JsonObject Of(TraefikEdge edge, PictureLimits limits) => new()
    {
        ["traefik"] = Settings(edge.Settings),
        ["services"] = PictureJson.List(edge.Services, static s => new JsonObject
        {
            ["object"] = PictureJson.ObjectOf(s.Object),
            ["type"] = s.Type,
            ["keeps_source"] = s.KeepsSource,
            ["hints"] = PictureJson.Texts(s.Hints),
        }),
        ["way"] = Way(edge.Way, limits),
    };

    private static JsonObject Settings(TraefikSettings settings) => new()
    {
        ["workload"] = PictureJson.ObjectOf(settings.Workload),
        ["known"] = settings.Known,
        ["image"] = settings.Image,
        ["version"] = settings.Version,
        ["replicas"] = settings.Replicas,
        ["host_network"] = settings.HostNetwork,
        ["pod_labels"] = PictureJson.Texts(settings.PodLabels),
        ["read_from"] = settings.ReadFrom,
        ["entry_points"] = PictureJson.List(settings.EntryPoints, Point),
        ["providers"] = new JsonObject
        {
            ["kubernetes_crd"] = Provider(settings.Crd, settings.Crd.AllowCrossNamespace),
            ["kubernetes_ingress"] = Provider(settings.Ingress, null),
            ["kubernetes_gateway"] = Provider(settings.Gateway, null),
            ["kubernetes_ingress_nginx"] = settings.IngressNginx,
            ["file"] = new JsonObject
            {
                ["enabled"] = settings.File.Enabled,
                ["path"] = settings.File.Path,
                ["mounted_from"] = PictureJson.Texts((settings.File.MountedFrom ?? []).Select(static s => s.ToString())),
            },
            ["others"] = PictureJson.Texts(settings.OtherProviders),
        },
        ["access_log"] = new JsonObject
        {
            ["enabled"] = settings.AccessLog.Enabled,
            ["format"] = settings.AccessLog.Format,
            ["path"] = settings.AccessLog.Path,
            ["user_agent"] = settings.AccessLog.UserAgent,
            ["internals"] = settings.AccessLog.Internals,
        },
        ["rule_syntax"] = settings.RuleSyntax,
        ["plugins"] = PictureJson.Texts(settings.Plugins),
        ["api"] = settings.Api,
        ["remarks"] = PictureJson.Texts(settings.Remarks),
    };

    private static JsonObject Point(EntryPoint point) => new()
    {
        ["name"] = point.Name,
        ["address"] = point.Address,
        ["tls"] = point.Tls,
        ["default"] = point.IsDefault,
        ["redirects_to"] = point.RedirectsTo,
        ["middlewares"] = PictureJson.Texts(point.Middlewares),
        ["forwarded_headers"] = Trust(point.ForwardedInsecure, point.ForwardedTrusted),
        ["proxy_protocol"] = Trust(point.ProxyProtocolInsecure, point.ProxyProtocolTrusted),
        ["client"] = PictureJson.Name(point.Sight),
        ["client_reason"] = point.SightReason,
    };

    private static JsonObject Trust(bool insecure, IReadOnlyList<AddressRange> trusted) => new()
    {
        ["insecure"] = insecure,
        ["trusted_ips"] = PictureJson.Texts(trusted.Take(MostTrusted).Select(static r => r.ToString())),
    };

    private static JsonObject Provider(KubernetesProvider provider, bool? crossNamespace)
    {
        var json = new JsonObject
        {
            ["enabled"] = provider.Enabled,
            ["namespaces"] = PictureJson.Texts(provider.Namespaces),
            ["label_selector"] = provider.LabelSelector,
            ["ingress_class"] = provider.IngressClass,
            ["throttle"] = provider.Throttle,
        };
        if (crossNamespace is { } allowed)
        {
            json["allow_cross_namespace"] = allowed;
        }

        return json;
    }

    private static JsonObject Way(ChosenWay way, PictureLimits limits) => new()
    {
        ["chosen"] = PictureJson.Name(way.Kind),
        ["reason"] = way.Reason,
        ["auto_allowed"] = way.ReviewReasons.Count == 0,
        ["review_reasons"] = PictureJson.Texts(way.ReviewReasons),
        ["model"] = way.Model is null ? null : PictureJson.PatternOf(way.Model, limits with { Ranges = Math.Min(limits.Ranges, 10) }),
        ["ways"] = PictureJson.List(way.Ways, static v => new JsonObject
        {
            ["kind"] = PictureJson.Name(v.Kind),
            ["chosen"] = v.Chosen,
            ["possible"] = v.Possible,
            ["for"] = PictureJson.Texts(v.For),
            ["against"] = PictureJson.Texts(v.Against),
        }),
        ["placement"] = way.Placement is { } placement ? Placement(placement) : null,
    };

    private static JsonObject Placement(DenyPlacement placement) => new()
    {
        ["api_version"] = placement.ApiVersion,
        ["namespace"] = placement.Namespace,
        ["labels"] = new JsonObject(placement.Labels.OrderBy(static l => l.Key, StringComparer.Ordinal).Select(static l => KeyValuePair.Create(l.Key, (JsonNode?)JsonValue.Create(l.Value)))),
        ["ingress_class"] = placement.IngressClass,
        ["allow_list"] = placement.AllowList,
        ["rule_syntax"] = placement.RuleSyntax,
        ["entry_points"] = PictureJson.List(placement.EntryPoints, DenyPoint),
        ["tcp_entry_points"] = PictureJson.List(placement.TcpEntryPoints, DenyPoint),
        ["throttle"] = placement.Throttle,
    };

    private static JsonObject DenyPoint(DenyEntryPoint point) => new()
    {
        ["name"] = point.Name,
        ["plain"] = point.Plain,
        ["tls"] = point.Tls,
        ["form"] = point.Sight switch
        {
            ClientSight.Peer or ClientSight.ProxyProtocol => "client_ip",
            ClientSight.ForwardedFor => "x_forwarded_for",
            _ => null,
        },
    };
}
