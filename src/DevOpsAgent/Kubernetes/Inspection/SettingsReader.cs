using System.Globalization;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>From one Traefik's options to what they mean for us. Defaults are Traefik's own (v3.7).</summary>
internal static class SettingsReader
{
    private const string Crd = "providers.kubernetescrd";
    private const string Ingress = "providers.kubernetesingress";
    private const string Gateway = "providers.kubernetesgateway";
    private const string File = "providers.file";

    private static readonly string[] KnownProviders = ["kubernetescrd", "kubernetesingress", "kubernetesgateway", "kubernetesingressnginx", "file", "providersthrottleduration"];

    public static TraefikSettings Of(TraefikWorkload workload, StaticConfiguration configuration)
    {
        var options = configuration.Options;
        var version = TraefikImage.Version(workload.Image);
        var remarks = configuration.Remarks.ToList();
        return new()
        {
            Workload = workload.Ref,
            Complete = configuration.Complete,
            Image = ShownText.Of(workload.Image),
            Version = version,
            Major = TraefikImage.Major(version),
            Replicas = workload.Object.Ref.Kind is "Deployment" or "StatefulSet" ? workload.Object.Spec.At("replicas").Number() ?? 1 : 1,
            HostNetwork = workload.Pod.At("hostNetwork").IsTrue(),
            PodLabels = [.. workload.PodLabels.Select(static l => ShownText.Of($"{l.Key}={l.Value}")).Order(StringComparer.Ordinal)],
            ReadFrom = configuration.ReadFrom,
            EntryPoints = EntryPointsOf(options),
            Crd = new()
            {
                Enabled = options.Has(Crd),
                Namespaces = Shown(options.List(Crd + ".namespaces")),
                LabelSelector = ShownText.Of(options.Get(Crd + ".labelselector")),
                IngressClass = ShownText.Of(options.Get(Crd + ".ingressclass")),
                Throttle = Throttle(options, Crd),
                AllowCrossNamespace = options.IsTrue(Crd + ".allowcrossnamespace"),
            },
            Ingress = new()
            {
                Enabled = options.Has(Ingress),
                Namespaces = Shown(options.List(Ingress + ".namespaces")),
                LabelSelector = ShownText.Of(options.Get(Ingress + ".labelselector")),
                IngressClass = ShownText.Of(options.Get(Ingress + ".ingressclass")),
                Throttle = Throttle(options, Ingress),
            },
            Gateway = new()
            {
                Enabled = options.Has(Gateway),
                Namespaces = Shown(options.List(Gateway + ".namespaces")),
                LabelSelector = ShownText.Of(options.Get(Gateway + ".labelselector")),
                Throttle = Throttle(options, Gateway),
            },
            IngressNginx = options.Has("providers.kubernetesingressnginx") || options.IsTrue("experimental.kubernetesingressnginx"),
            File = FileOf(options, workload),
            OtherProviders = Shown([.. options.Below("providers").Where(static p => !KnownProviders.Contains(p, StringComparer.OrdinalIgnoreCase)).Select(static p => p.ToLowerInvariant())]),
            AccessLog = new(
                options.Has("accesslog"),
                ShownText.Of(options.Get("accesslog.format") ?? "common", 40),
                ShownText.Of(options.Get("accesslog.filepath")),
                KeepsUserAgent(options),
                options.IsTrue("accesslog.addinternals")),
            RuleSyntax = TraefikImage.Major(version) == 2 || options.Get("core.defaultrulesyntax") == "v2" ? "v2" : "v3",
            Plugins = [.. new[] { "experimental.plugins", "experimental.localplugins" }.SelectMany(group => options.Below(group).Select(p => ShownText.Of($"{p} = {options.Get($"{group}.{p}.modulename") ?? "?"}")))],
            Api = options.IsTrue("api.insecure") ? "insecure" : options.Has("api") ? "on" : "off",
            Remarks = remarks,
        };
    }

    private static EntryPoint[] EntryPointsOf(StaticOptions options)
    {
        // Without any, Traefik opens "http" on :80.
        var names = options.Below("entrypoints");
        var points = names.Select(n => PointOf(options, n)).ToList();
        if (points.Count == 0)
        {
            points.Add(new() { Name = "http", Address = ":80", Port = 80 });
        }

        var chosen = points.Exists(static p => p.AsDefault);
        return [.. points.Select(p => p with { IsDefault = !p.Udp && (chosen ? p.AsDefault : !p.Internal) }).OrderBy(static p => p.Name, StringComparer.Ordinal)];
    }

    private static EntryPoint PointOf(StaticOptions options, string name)
    {
        var at = $"entrypoints.{name}";
        var address = options.Get(at + ".address") ?? "";
        var slash = address.LastIndexOf('/');
        var host = slash < 0 ? address : address[..slash];
        var port = int.TryParse(host.AsSpan(host.LastIndexOf(':') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536 ? number : 0;
        return new()
        {
            Name = ShownText.Of(name, 100),
            Address = ShownText.Of(address, 100),
            Port = port,
            Udp = address.EndsWith("/udp", StringComparison.OrdinalIgnoreCase),
            Tls = options.Has(at + ".http.tls"),
            AsDefault = options.IsTrue(at + ".asdefault"),
            RedirectsTo = options.Get(at + ".http.redirections.entrypoint.to") is { } to ? ShownText.Of(to, 100) : null,
            Middlewares = [.. (options.Get(at + ".http.middlewares") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(static m => ShownText.Of(m))],
            ForwardedInsecure = options.IsTrue(at + ".forwardedheaders.insecure"),
            ForwardedTrusted = AddressTexts.Read(options.List(at + ".forwardedheaders.trustedips")).Ranges,
            ProxyProtocolInsecure = options.IsTrue(at + ".proxyprotocol.insecure"),
            ProxyProtocolTrusted = AddressTexts.Read(options.List(at + ".proxyprotocol.trustedips")).Ranges,
        };
    }

    private static FileProvider FileOf(StaticOptions options, TraefikWorkload workload)
    {
        var directory = options.Get(File + ".directory");
        var path = directory ?? options.Get(File + ".filename");
        if (string.IsNullOrEmpty(path))
        {
            return new();
        }

        var below = path.TrimEnd('/');
        var from = workload.Mounts.Where(m => m.Path.TrimEnd('/') is var mount && (mount == below || Under(mount, below) || Under(below, mount)));
        return new(ShownText.Of(path), directory is not null, options.Get(File + ".watch") is not { } watch || !watch.Equals("false", StringComparison.OrdinalIgnoreCase), [.. from.Select(static m => m.Source).Distinct().Order()]);
    }

    private static bool Under(string path, string directory) => path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static bool KeepsUserAgent(StaticOptions options) =>
        (options.Get("accesslog.fields.headers.names.user-agent") ?? options.Get("accesslog.fields.headers.defaultmode") ?? "drop").Equals("keep", StringComparison.OrdinalIgnoreCase);

    private static string Throttle(StaticOptions options, string provider) =>
        ShownText.Of(options.Get(provider + ".throttleduration") ?? options.Get("providers.providersthrottleduration") ?? "2s", 20);

    private static IReadOnlyList<string> Shown(IReadOnlyList<string> texts) => [.. texts.Select(static t => ShownText.Of(t, 100))];
}
