using DevOpsAgent.Configuration;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>
/// Finds which field means what: by the alias map first, then by Traefik's and Elastic's names, at the root or under a key
/// that a shipper put them under. Never by guess: what is missing, unusable or of two types is said, with the way out.
/// </summary>
internal sealed class FieldResolver(IReadOnlyDictionary<EventRole, string> aliases)
{
    private static readonly Dictionary<EventRole, string[]> Raw = new()
    {
        [EventRole.Time] = ["@timestamp", "StartUTC", "time"], [EventRole.ClientHost] = ["ClientHost"], [EventRole.ClientAddr] = ["ClientAddr"], [EventRole.Path] = ["RequestPath"],
        [EventRole.Status] = ["DownstreamStatus"], [EventRole.Method] = ["RequestMethod"], [EventRole.Host] = ["RequestHost"], [EventRole.Agent] = ["request_User-Agent"], [EventRole.User] = ["ClientUsername"],
        [EventRole.Router] = ["RouterName"], [EventRole.EntryPoint] = ["entryPointName"], [EventRole.RequestCount] = ["RequestCount"], [EventRole.Duration] = ["Duration"],
        [EventRole.Size] = ["DownstreamContentSize"], [EventRole.Start] = ["StartUTC"],
    };

    private static readonly Dictionary<EventRole, string[]> Ecs = new()
    {
        [EventRole.Time] = ["@timestamp"], [EventRole.SourceIp] = ["source.ip"], [EventRole.ForwardedIp] = ["network.forwarded_ip"], [EventRole.Path] = ["url.original", "url.path"],
        [EventRole.Status] = ["http.response.status_code"], [EventRole.Method] = ["http.request.method"], [EventRole.Host] = ["url.domain"], [EventRole.Agent] = ["user_agent.original"],
        [EventRole.User] = ["user.name", "source.user.name"], [EventRole.Router] = ["traefik.access.router.name", "traefik.access.router_name", "traefik.access.frontend_name"], [EventRole.EntryPoint] = ["traefik.access.entry_point"],
        [EventRole.RequestCount] = ["traefik.access.request_count"], [EventRole.Duration] = ["event.duration"], [EventRole.Size] = ["http.response.body.bytes"],
    };

    /// <summary>What is asked of _field_caps: the names at the root and under any key.</summary>
    public string Asked => string.Join(',', Raw.Values.SelectMany(static n => n).SelectMany(static n => new[] { n, n + ".*", "*." + n, "*." + n + ".*" })
        .Concat(Ecs.Values.SelectMany(static n => n).SelectMany(static n => new[] { n, n + ".*" })).Concat(aliases.Values.SelectMany(static n => new[] { n, n + ".*" })).Distinct(StringComparer.Ordinal));

    /// <summary>"client_host" for ClientHost: how the alias map names it.</summary>
    public static string NameOf(EventRole role) => string.Concat(role.ToString().Select(static (c, i) => i > 0 && char.IsUpper(c) ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));

    /// <exception cref="ElasticException">An entry isn't <c>role=field</c>.</exception>
    public static FieldResolver Of(ElasticsearchConfig config)
    {
        var names = Enum.GetValues<EventRole>().ToDictionary(NameOf, StringComparer.Ordinal);
        var aliases = new Dictionary<EventRole, string>();
        foreach (var entry in config.Fields)
        {
            if (entry.Split('=') is not [var name, { Length: > 0 } field] || !names.TryGetValue(name, out var role))
            {
                throw new ElasticException(ElasticFault.Configuration, $"elasticsearch.fields: '{entry}' is not name=field; names are {string.Join(", ", names.Keys)}.");
            }

            aliases[role] = field;
        }

        return new(aliases);
    }

    /// <exception cref="ElasticException">Fault Mapping: what is wrong with which field, and what to do.</exception>
    public EventFields Resolve(FieldCaps caps, string pattern)
    {
        if (caps.Indexes == 0)
        {
            throw new ElasticException(ElasticFault.NotFound, $"No index matches [{pattern}]: correct elasticsearch.index_pattern, or wait until the first log arrives.");
        }

        var prefix = Prefix(caps);
        var hasRaw = prefix is not null;
        var hasEcs = caps.Find("http.response.status_code") is not null && (caps.Find("url.original") ?? caps.Find("url.path")) is not null;
        if (hasRaw && hasEcs)
        {
            throw Wrong($"[{pattern}] holds Traefik's own names ({prefix}RequestPath) and Elastic's (url.path) side by side; one query can't count both. Narrow elasticsearch.index_pattern to one of them.");
        }

        var problems = new List<string>();
        var fields = new Dictionary<EventRole, EventField>();
        foreach (var (role, names) in hasEcs ? Ecs : Raw)
        {
            var candidates = aliases.TryGetValue(role, out var alias) ? [alias] : hasEcs ? names : names.Select(n => prefix + n).Prepend(role == EventRole.Time ? names[0] : prefix + names[0]).Concat(role == EventRole.Time ? names : []);
            if (Find(role, candidates, caps, problems) is { } field)
            {
                fields[role] = field;
            }
        }

        foreach (var (role, alias) in aliases.Where(a => !fields.ContainsKey(a.Key)))
        {
            if (Find(role, [alias], caps, problems) is { } field)
            {
                fields[role] = field;
            }
        }

        Need(EventRole.Time, "a date");
        Need(EventRole.Status, "a number");
        Need(EventRole.Path, "a keyword (a text field alone is cut into words, so paths can't be matched or counted)");
        if (!fields.ContainsKey(EventRole.ClientHost) && !fields.ContainsKey(EventRole.SourceIp))
        {
            problems.Add("there is no field for the client (client_host or source_ip) as a keyword or an ip");
        }

        return problems.Count == 0 ? new(fields, hasEcs) : throw Wrong($"The fields of [{pattern}] can't be used: {string.Join("; ", problems)}. Name the right ones with elasticsearch.fields, narrow elasticsearch.index_pattern, or correct the mapping and index anew.");

        void Need(EventRole role, string what)
        {
            if (!fields.ContainsKey(role) && !problems.Exists(p => p.StartsWith(NameOf(role), StringComparison.Ordinal)))
            {
                problems.Add($"{NameOf(role)}: there is no such field as {what}");
            }
        }
    }

    /// <summary>The key that Traefik's fields stand under, with its dot: "" at the root, "log_processed." behind Fluent Bit. Null: they don't exist.</summary>
    private string? Prefix(FieldCaps caps)
    {
        var paths = caps.All.Select(static f => f.Name).Where(static n => n == "RequestPath" || n.EndsWith(".RequestPath", StringComparison.Ordinal)).OrderBy(static n => n.Length).ToList();
        return paths.Count > 0 ? paths[0][..^"RequestPath".Length] : aliases.ContainsKey(EventRole.Path) && caps.Find("http.response.status_code") is null ? "" : null;
    }

    private static EventField? Find(EventRole role, IEnumerable<string> names, FieldCaps caps, List<string> problems)
    {
        string? problem = null;
        foreach (var name in names)
        {
            // The whole value stands in the field itself or in one of its twins: RequestPath.keyword, ClientHost.raw.
            foreach (var cap in caps.All.Where(f => f.Name == name || f.Name.StartsWith(name + ".", StringComparison.Ordinal)).OrderBy(static f => f.Name.Length))
            {
                if (cap.Kind is not { } type)
                {
                    problem ??= $"{NameOf(role)}: [{cap.Name}] is {cap.Conflict}";
                }
                else if (Fits(role, type))
                {
                    // A field that conflicts in the parent breaks the twin, too: indexes where it is keyword have no .keyword.
                    return cap.Name != name && problem is not null ? Note(problems, problem) : new(cap.Name, name, type.Name);
                }
                else if (cap.Name == name && type.Name != "text")
                {
                    problem ??= $"{NameOf(role)}: [{name}] is {type.Name}";
                }
            }
        }

        // What only fills the picture may be missing or odd.
        return role is EventRole.Time or EventRole.Status or EventRole.Path or EventRole.ClientHost or EventRole.SourceIp && problem is not null ? Note(problems, problem) : null;
    }

    private static EventField? Note(List<string> problems, string problem)
    {
        problems.Add(problem);
        return null;
    }

    private static bool Fits(EventRole role, CappedType type) => role switch
    {
        EventRole.Time or EventRole.Start => type.IsDate,
        EventRole.Status or EventRole.RequestCount or EventRole.Duration or EventRole.Size => type.IsNumber,
        EventRole.ClientHost or EventRole.SourceIp or EventRole.ForwardedIp => type.IsWord || type.Name == "ip",
        _ => type.IsWord,
    };

    private static ElasticException Wrong(string text) => new(ElasticFault.Mapping, text);
}
