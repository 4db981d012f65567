namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Lists in what Traefik's pods mount: files of the file provider, and plain lists. Of a Secret only what kind of list it is and how long.</summary>
internal static class FilePatterns
{
    private static readonly string[] Denying = ["deny", "black", "block", "ban", "drop"];
    private static readonly string[] Allowing = ["allow", "white", "permit", "trusted"];

    public static IEnumerable<BlockingPattern> Of(IReadOnlyList<EdgeReading> edges)
    {
        var done = new HashSet<(ObjectRef, string)>();
        foreach (var edge in edges)
        {
            foreach (var file in edge.Files.Dynamic.Where(f => done.Add((f.File.Source, f.File.Key))))
            {
                foreach (var pattern in OfDynamic(file, edges))
                {
                    yield return pattern;
                }
            }

            foreach (var (file, source, addresses) in edge.Files.Lists.Where(l => done.Add((l.File.Source, l.File.Key))))
            {
                yield return OfList(file, source, addresses, edge);
            }
        }
    }

    private static IEnumerable<BlockingPattern> OfDynamic(DynamicFile file, IReadOnlyList<EdgeReading> edges)
    {
        foreach (var section in (string[])["http", "tcp"])
        {
            var tcp = section == "tcp";
            var number = 0;
            foreach (var (name, definition) in file.Tree.At(section, "middlewares").Entries())
            {
                foreach (var list in tcp ? ListDefinition.ReadTcp(definition) : ListDefinition.ReadHttp(definition, name))
                {
                    number++;
                    var shown = $"{ShownText.Of(name, 160)}@file";
                    var coverage = Coverage.Of(edges, tcp, r => r.Route.Middlewares.FirstOrDefault(m => m.Object == file.Source.Ref && string.Equals(m.Name, shown, StringComparison.OrdinalIgnoreCase)));
                    var denier = list.DeniesAll && edges.Any(e => e.Routes.Any(r => r.Denies && r.Route.Middlewares.Any(m => string.Equals(m.Name, shown, StringComparison.OrdinalIgnoreCase))));
                    var where = $"data[{ShownText.Of(file.File.Key, 80)}].{section}.middlewares.{ShownText.Of(name, 80)}.{list.Path}";
                    var pattern = PatternFinder.Of(list, file.Source, coverage) with
                    {
                        Kind = PatternKind.FileConfiguration,
                        Path = where,
                        Problems = denier ? [] : [.. new[] { list.Remark, coverage.Covers == 0 ? "no route that was read goes through it" : "" }.Where(static t => t.Length > 0)],
                    };
                    yield return file.File.Secret ? Hidden(pattern, $"data[{ShownText.Of(file.File.Key, 80)}], {section} list {number}") : pattern;
                }
            }
        }
    }

    private static BlockingPattern OfList(MountedFile file, ClusterObject source, AddressTexts addresses, EdgeReading edge)
    {
        var name = file.Path[(file.Path.LastIndexOf('/') + 1)..] + " " + file.Source.Name;
        var effect = Says(name, Denying) == Says(name, Allowing) ? PatternEffect.Unknown : Says(name, Denying) ? PatternEffect.Denies : PatternEffect.Allows;
        var pattern = new BlockingPattern
        {
            Kind = PatternKind.MountedList,
            Effect = effect,
            Object = source.Ref,
            Path = $"data[{ShownText.Of(file.Key, 120)}]",
            Ranges = addresses.Ranges,
            Count = addresses.Ranges.Count,
            Invalid = addresses.Invalid,
            Compares = "as its reader does",
            Protects = [$"{edge.Workload!.Ref} mounts it at {ShownText.Of(file.Path, 120)}"],
            Ours = source.Ours,
            Managers = source.Managers,
            CanDeny = effect == PatternEffect.Denies && !file.Secret,
            CanDenyReason = file.Secret ? "a Secret is never written"
                : effect == PatternEffect.Denies ? "one more line denies a client, if what reads it reads it again; only where you name this ConfigMap, as it is not ours"
                : effect == PatternEffect.Allows ? "a list of who is let in can't deny one client"
                : "its name doesn't tell what becomes of the addresses in it",
            Problems = addresses.Invalid > 0 ? [string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{addresses.Invalid} {(addresses.Invalid == 1 ? "line is" : "lines are")} no address")] : [],
        };
        return file.Secret ? Hidden(pattern, pattern.Path) : pattern;
    }

    private static BlockingPattern Hidden(BlockingPattern pattern, string path) =>
        pattern with { Secret = true, Ranges = [], Path = path, CanDeny = false, CanDenyReason = "a Secret is never written" };

    private static bool Says(string text, string[] any) => Array.Exists(any, w => text.Contains(w, StringComparison.OrdinalIgnoreCase));
}
