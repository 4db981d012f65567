using System.Globalization;
using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.App.Cli.Inspect;

/// <summary>A picture for people: what there is, what it protects, how the cluster blocks today, the way and why.</summary>
internal sealed class InspectText(Terminal terminal)
{
    private const int MostPatterns = 60;
    private const int MostRoutes = 40;
    private const int MostRanges = 6;

    public void Write(ClusterPicture picture)
    {
        Line($"Cluster: {picture.Source}");
        foreach (var edge in picture.Edges)
        {
            Heading($"Traefik {edge.Settings.Workload?.ToString() ?? "(its workload was not seen)"}");
            Traefik(edge);
        }

        Heading(Words.Count(picture.Patterns.Count, "thing treats", "things treat") + " clients by address");
        foreach (var pattern in picture.Patterns.Take(MostPatterns))
        {
            Pattern(pattern);
        }

        More(picture.Patterns.Count - MostPatterns, "--json shows all");
        if (picture.OtherMiddlewares.Count > 0)
        {
            Line("Middlewares that are not about addresses: " + string.Join("; ", picture.OtherMiddlewares));
        }

        Routes(picture.Routes);
        Heading("How this cluster blocks today");
        foreach (var line in picture.Today)
        {
            Item(line);
        }

        Item($"NetworkPolicy objects are {State(picture.Policies)}: {picture.Policies.Reason}.");
        foreach (var edge in picture.Edges)
        {
            Heading(picture.Edges.Count == 1 ? "The way to block here" : $"The way to block at {edge.Settings.Workload}");
            Way(edge.Way);
        }

        if (picture.Gaps.Count > 0)
        {
            Heading("Not read");
            foreach (var gap in picture.Gaps)
            {
                Item($"{gap.What} ({Reason(gap.Reason)}): {gap.Consequence}");
                if (gap.MissingRule is { } rule)
                {
                    Line($"    the right that is lacking: {rule}");
                }
            }
        }
    }

    private void Traefik(TraefikEdge edge)
    {
        var settings = edge.Settings;
        if (settings.Workload is not null)
        {
            Item($"{settings.Image}, {Words.Count((int)Math.Min(settings.Replicas, int.MaxValue), "replica", "replicas")}, configured by {(settings.ReadFrom.Length > 0 ? settings.ReadFrom : "nothing")}; rules in {settings.RuleSyntax} syntax");
        }

        foreach (var point in settings.EntryPoints)
        {
            var facts = new[]
            {
                point.Address, point.Tls ? "TLS" : "", point.IsDefault ? "default" : "", point.RedirectsTo is { } to ? $"redirects to {to}" : "",
                point.Middlewares.Count > 0 ? $"middlewares {string.Join(", ", point.Middlewares)}" : "", point.Internal ? "Traefik's own" : "",
            };
            Item($"entry point {point.Name} ({string.Join(", ", facts.Where(static f => f.Length > 0))})");
            if (!point.Internal && point.SightReason.Length > 0)
            {
                Line($"    client: {Sight(point.Sight)}: {point.SightReason}");
            }
        }

        Item("reads " + string.Join("; ", Providers(settings)));
        var log = settings.AccessLog;
        Item(log.Enabled
            ? $"access log: {log.Format}, to {(log.Path.Length > 0 ? log.Path : "standard output")}, {(log.UserAgent ? "with" : "without")} user agents"
            : settings.Known ? "access log: off, so there is nothing to detect by (--accesslog)" : "access log: not known");
        foreach (var remark in settings.Remarks)
        {
            Item("note: " + remark);
        }
    }

    private static IEnumerable<string> Providers(TraefikSettings settings)
    {
        foreach (var (name, provider) in new (string, KubernetesProvider)[] { ("IngressRoute (kubernetesCRD)", settings.Crd), ("Ingress (kubernetesIngress)", settings.Ingress), ("Gateway API (kubernetesGateway)", settings.Gateway) })
        {
            var limits = new[]
            {
                provider.Namespaces.Count > 0 ? $"namespaces {string.Join(", ", provider.Namespaces)}" : "all namespaces",
                provider.LabelSelector.Length > 0 ? $"labels {provider.LabelSelector}" : "",
                provider.IngressClass.Length > 0 ? $"class {provider.IngressClass}" : "",
                provider is CrdProvider { AllowCrossNamespace: true } ? "across namespaces" : "",
            };
            yield return provider.Enabled ? $"{name}: {string.Join(", ", limits.Where(static l => l.Length > 0))}" : $"no {name}";
        }

        yield return settings.File.Enabled ? $"files in {settings.File.Path}{(settings.File.MountedFrom is { Count: > 0 } from ? $" from {string.Join(", ", from)}" : "")}" : "no files";
        foreach (var other in settings.OtherProviders)
        {
            yield return other;
        }
    }

    private void Pattern(BlockingPattern pattern)
    {
        var ranges = pattern.Secret ? $"{Words.Count(pattern.Count, "range", "ranges")}, not shown: it is a Secret"
            : pattern.Count == 0 ? pattern.CanDeny ? "nobody yet" : "those whom something outside names"
            : string.Join(", ", pattern.Ranges.Take(MostRanges)) + (pattern.Count > MostRanges ? string.Create(CultureInfo.InvariantCulture, $" and {pattern.Count - MostRanges} more") : "");
        var effect = pattern.DeniesAll ? "denies everybody" : pattern.Effect switch
        {
            PatternEffect.Allows => "lets in only",
            PatternEffect.Denies => "denies",
            PatternEffect.Routes => "leads elsewhere",
            _ => "lists",
        };
        var flags = $"{(pattern.Ours ? " [ours]" : "")}{(pattern.Seen ? "" : " [not in force]")}";
        Item($"{pattern.Object}{flags}: {effect}{(pattern.DeniesAll ? "" : $" {ranges}")}  ({pattern.Path}{(pattern.Compares is "peer" or "" ? "" : $", compares {pattern.Compares}")})");
        foreach (var route in pattern.Protects.Take(8))
        {
            Line("    protects " + route);
        }

        More(pattern.Protects.Count - 8, "--json shows all", "    ");
        Line($"    {(pattern.CanDeny ? "can take a denial" : "no use for a denial")}: {pattern.CanDenyReason}");
        foreach (var problem in pattern.Problems)
        {
            Line("    problem: " + problem);
        }
    }

    private void Routes(IReadOnlyList<TrafficRoute> routes)
    {
        var dead = routes.Where(static r => !r.Seen).ToList();
        Heading($"{Words.Count(routes.Count - dead.Count, "route is", "routes are")} served, {dead.Count.ToString(CultureInfo.InvariantCulture)} {(dead.Count == 1 ? "isn't" : "aren't")}");
        foreach (var route in routes.Where(static r => r.Seen).Take(MostRoutes))
        {
            var through = route.Middlewares.Count > 0 ? $"; through {string.Join(", ", route.Middlewares.Select(static m => m.Via.Length > 0 ? $"{m.Name} ({m.Via})" : m.Name))}" : "";
            Item($"{route.Object}, rule {route.Rule.ToString(CultureInfo.InvariantCulture)}: {route.Match}{(route.EntryPoints.Count > 0 ? $" on {string.Join(", ", route.EntryPoints)}" : "")}{through}");
        }

        More(routes.Count - dead.Count - MostRoutes, "--json shows all");
        foreach (var route in dead.Take(MostRoutes))
        {
            Item($"not served: {route.Object}, rule {route.Rule.ToString(CultureInfo.InvariantCulture)}: {string.Join("; ", route.Problems)}");
        }

        More(dead.Count - MostRoutes, "--json shows all");
    }

    private void Way(ChosenWay way)
    {
        Line($"  {Name(way.Kind)}: {way.Reason}.");
        if (way.Placement is { } place)
        {
            var points = string.Join(", ", place.EntryPoints.Select(static p => $"{p.Name} ({(p.Plain && p.Tls ? "plain and TLS" : p.Tls ? "TLS" : "plain")})").Concat(place.TcpEntryPoints.Select(static p => $"{p.Name} (TCP)")));
            var marks = $"{(place.Labels.Count > 0 ? $", labels {string.Join(", ", place.Labels.Select(static l => $"{l.Key}={l.Value}"))}" : "")}{(place.IngressClass is { } c ? $", class {c}" : "")}";
            Line($"  objects of {place.ApiVersion} in namespace {place.Namespace}{marks}, on {points}");
        }

        if (way.Kind != WayKind.None)
        {
            Line(way.ReviewReasons.Count == 0 ? "  mode auto may block this way" : "  each block needs a person:");
            foreach (var reason in way.ReviewReasons)
            {
                Line("    " + reason);
            }
        }

        foreach (var verdict in way.Ways)
        {
            Item($"{Name(verdict.Kind)}: {(verdict.Chosen ? "chosen" : verdict.Possible ? "possible" : "not possible")}");
            foreach (var reason in verdict.For)
            {
                Line("    + " + reason);
            }

            foreach (var reason in verdict.Against)
            {
                Line("    - " + reason);
            }
        }
    }

    private void More(int count, string how, string indent = "  ")
    {
        if (count > 0)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"{indent}... and {count} more ({how})"));
        }
    }

    private void Heading(string text)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Colour ? $"\u001b[1m{SafeText.Of(text)}\u001b[0m" : SafeText.Of(text));
    }

    private void Item(string text) => Line("  " + text);

    private void Line(string text) => terminal.Out.WriteLine(SafeText.Of(text));

    private static string Name(Enum value) => PictureJson.Name(value).Replace('_', ' ');

    private static string Reason(GapReason reason) => Name(reason);

    private static string State(PolicyEnforcement policies) => policies.State switch
    {
        Enforcement.Enforced => $"enforced by {policies.By}",
        Enforcement.Ignored => "not enforced",
        _ => "perhaps not enforced",
    };

    private static string Sight(ClientSight sight) => sight switch
    {
        ClientSight.Peer => "the TCP peer",
        ClientSight.ProxyProtocol => "by PROXY protocol",
        ClientSight.ForwardedFor => "the last entry of X-Forwarded-For",
        ClientSight.Hidden => "hidden",
        _ => "not known",
    };
}
