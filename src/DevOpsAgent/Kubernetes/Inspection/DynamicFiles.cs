using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A file of dynamic configuration that the file provider reads.</summary>
/// <param name="Tree">Null: not readable.</param>
internal sealed record DynamicFile(MountedFile File, ClusterObject Source, JsonNode? Tree, string Problem);

/// <summary>The ConfigMaps and Secrets in one Traefik's container: what its file provider reads, and lists for somebody else in it (plugins).</summary>
internal sealed class DynamicFiles
{
    private readonly SortedDictionary<string, (DynamicFile File, JsonNode? Definition)> _middlewares = new(StringComparer.OrdinalIgnoreCase);

    public DynamicFiles(TraefikWorkload? workload, TraefikSettings settings, ClusterObjects objects)
    {
        var mounted = workload?.Mounts
            .Select(m => (Mount: m, Source: objects.Find(m.Source.Kind, m.Source.Namespace, m.Source.Name)))
            .SelectMany(static m => m.Mount.Files(m.Source).Select(f => (File: f, m.Source)))
            .OrderBy(static f => f.File.Path, StringComparer.Ordinal).ThenBy(static f => f.File.Source).ToList() ?? [];
        foreach (var (file, source) in mounted)
        {
            if (Reads(settings.File, file.Path))
            {
                var read = FileTree.TryRead(file.Path, file.Text, out var tree, out var problem);
                var dynamic = new DynamicFile(file, source!, read ? tree : null, file.Secret ? "" : problem);
                Dynamic.Add(dynamic);
                foreach (var section in (string[])["http", "tcp"])
                {
                    foreach (var (name, definition) in dynamic.Tree.At(section, "middlewares").Entries())
                    {
                        _middlewares.TryAdd($"{section} {name}", (dynamic, definition));
                    }
                }
            }
            else if (!IsStatic(file.Path, settings) && AddressTexts.ReadLines(file.Text) is { } addresses)
            {
                Lists.Add((file, source!, addresses));
            }
        }
    }

    public List<DynamicFile> Dynamic { get; } = [];

    public List<(MountedFile File, ClusterObject Source, AddressTexts Addresses)> Lists { get; } = [];

    public bool TryMiddleware(string name, bool tcp, out DynamicFile file, out JsonNode? definition)
    {
        var found = _middlewares.TryGetValue($"{(tcp ? "tcp" : "http")} {name}", out var known);
        (file, definition) = known;
        return found;
    }

    /// <summary>Rules in files. Of a Secret nothing is shown, so none is made of it.</summary>
    public IEnumerable<RouteDraft> Routes()
    {
        foreach (var dynamic in Dynamic.Where(static d => !d.File.Secret))
        {
            var rule = 0;
            foreach (var section in (string[])["http", "tcp"])
            {
                foreach (var (name, router) in dynamic.Tree.At(section, "routers").Entries())
                {
                    yield return new(dynamic.Source, ++rule, router.At("rule").Text() ?? "", section == "tcp", $"data[{ShownText.Of(dynamic.File.Key, 80)}].{section}.routers.{ShownText.Of(name, 80)}")
                    {
                        EntryPoints = router.At("entryPoints").Texts(),
                        Tls = router is JsonObject map && map.Any(static e => e.Key.Equals("tls", StringComparison.OrdinalIgnoreCase)),
                        Priority = router.At("priority").Number() ?? 0,
                        Syntax = router.At("ruleSyntax").Text(),
                        Middlewares = [.. router.At("middlewares").Texts().Select(static m => new MiddlewareReference(m, null, ""))],
                        Services = router.At("service").Text() is { } service ? [ShownText.Of(service)] : [],
                        InFile = true,
                    };
                }
            }
        }
    }

    private static bool Reads(FileProvider provider, string path) => provider.Enabled && FileTree.IsOne(path)
        && (provider.IsDirectory ? path.StartsWith(provider.Path.TrimEnd('/') + "/", StringComparison.Ordinal) : path == provider.Path);

    private static bool IsStatic(string path, TraefikSettings settings) => FileTree.IsOne(path) && settings.ReadFrom.Contains(path[(path.LastIndexOf('/') + 1)..], StringComparison.Ordinal);
}
