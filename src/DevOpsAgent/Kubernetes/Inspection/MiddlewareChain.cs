namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Follows references to middlewares, through chains, as one Traefik would; what it would refuse becomes a problem of the route.</summary>
internal sealed class MiddlewareChain(ClusterObjects objects, DynamicFiles files, Watching watching)
{
    private const int MaxDepth = 16;

    /// <summary>Two chains that each name the other twice would be followed 65,000 times.</summary>
    private const int MaxProblems = 20;

    private const int MaxApplied = 200;

    private readonly Dictionary<(string Kind, string Place), ClusterObject> _byPlace = Index(objects, watching, static o => $"{o.Namespace}/{o.Ref.Name}");
    private readonly Dictionary<(string Kind, string Place), ClusterObject> _byQualified = Index(objects, watching, static o => $"{o.Namespace}-{o.Ref.Name}");

    /// <param name="ns">The namespace of who names it.</param>
    /// <param name="inFile">It is named in a file: without provider it means another of that file.</param>
    public void Follow(MiddlewareReference reference, string ns, bool tcp, bool inFile, List<AppliedMiddleware> applied, List<string> problems) =>
        Follow(reference, ns, tcp, inFile, applied, problems, 0);

    private void Follow(MiddlewareReference reference, string ns, bool tcp, bool inFile, List<AppliedMiddleware> applied, List<string> problems, int depth)
    {
        var (name, provider) = Split(reference.Name);
        provider = provider.Length > 0 ? provider : inFile ? "file" : "";
        var shown = ShownText.Of(reference.Name, 160);
        if (problems.Count > MaxProblems)
        {
            return;
        }

        if (depth > MaxDepth || applied.Count > MaxApplied)
        {
            problems.Add($"chains of middlewares go round in a circle at '{shown}'");
            return;
        }

        if (provider == "file")
        {
            FollowFile(name, shown, reference.Via, tcp, ns, applied, problems, depth);
            return;
        }

        if (provider is not ("" or "kubernetescrd"))
        {
            applied.Add(new(shown, null, reference.Via));
            return;
        }

        var kind = tcp ? "MiddlewareTCP" : "Middleware";
        var from = ShownText.Of(reference.Namespace ?? ns, 80);
        ClusterObject? found;
        if (provider.Length > 0)
        {
            found = _byQualified.GetValueOrDefault((kind, ShownText.Of(name, 340)));
        }
        else
        {
            if (from != ns && reference.Via != "filter" && watching.Settings is { Known: true, Crd.AllowCrossNamespace: false })
            {
                problems.Add($"it names middleware {from}/{shown} of another namespace and allowCrossNamespace is off: Traefik drops it");
                return;
            }

            found = _byPlace.GetValueOrDefault((kind, $"{from}/{ShownText.Of(name, 260)}"));
        }

        if (found is null)
        {
            problems.Add($"middleware {(provider.Length > 0 ? shown : $"{from}/{shown}")} doesn't exist{(objects.Read.Contains(kind) ? ": Traefik drops the route" : " or was not read")}");
            return;
        }

        if (watching.WhyNotSeen(found) is { } why)
        {
            problems.Add($"Traefik doesn't read middleware {found.Ref.Place} ({why}) and drops the route");
            return;
        }

        var members = tcp ? [] : found.Spec.At("chain", "middlewares").Items();
        if (members.Count == 0)
        {
            applied.Add(new(found.Ref.Place, found.Ref, reference.Via));
        }

        var via = Via(reference.Via, $"chain {found.Ref.Place}");
        foreach (var member in members)
        {
            Follow(new(member.At("name").Text() ?? "", member.At("namespace").Text(), via), found.Namespace, tcp, false, applied, problems, depth + 1);
        }
    }

    private void FollowFile(string name, string shown, string via, bool tcp, string ns, List<AppliedMiddleware> applied, List<string> problems, int depth)
    {
        if (!files.TryMiddleware(name, tcp, out var file, out var definition))
        {
            // Its file may be in the image or on the node: no problem that we know of.
            applied.Add(new(ShownText.Of($"{name}@file", 160), null, via));
            return;
        }

        var members = file.File.Secret ? [] : definition.At("chain", "middlewares").Texts();
        if (members.Count == 0)
        {
            applied.Add(new(ShownText.Of($"{name}@file", 160), file.Source.Ref, via));
        }

        foreach (var member in members)
        {
            Follow(new(member, null, Via(via, $"chain {shown}")), ns, tcp, true, applied, problems, depth + 1);
        }
    }

    private static string Via(string outer, string inner) => outer.Length == 0 ? inner : ShownText.Of($"{outer}, {inner}");

    private static (string Name, string Provider) Split(string reference) =>
        reference.LastIndexOf('@') is > 0 and var at ? (reference[..at], reference[(at + 1)..].ToLowerInvariant()) : (reference, "");

    /// <summary>Where both API groups have one of the same name, Traefik takes that of traefik.io; one that it reads comes before one that it doesn't.</summary>
    private static Dictionary<(string Kind, string Place), ClusterObject> Index(ClusterObjects objects, Watching watching, Func<ClusterObject, string> key)
    {
        var index = new Dictionary<(string, string), ClusterObject>();
        foreach (var item in ((string[])["Middleware", "MiddlewareTCP"]).SelectMany(objects.Of)
            .OrderBy(o => watching.WhyNotSeen(o) is null ? 0 : 1).ThenBy(static o => o.Ref.Group == WantedKinds.Traefik ? 0 : 1).ThenBy(static o => o.Ref))
        {
            index.TryAdd((item.Ref.Kind, key(item)), item);
        }

        return index;
    }
}
