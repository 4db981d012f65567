using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Traefik's static configuration as flat names, "providers.kubernetescrd.namespaces", whichever of its three forms it was written in.
/// Names compare without case; the first spelling is kept, as Traefik does for the names of entry points. Values are raw.
/// </summary>
internal sealed class StaticOptions
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    public bool IsEmpty => _values.Count == 0;

    /// <summary>By name, sorted.</summary>
    public IEnumerable<KeyValuePair<string, string>> All => _values;

    public string? Get(string name) => _values.GetValueOrDefault(name);

    public bool IsTrue(string name) => string.Equals(Get(name), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The name itself, or anything below it, is given; and it isn't "false".</summary>
    public bool Has(string name) =>
        !string.Equals(Get(name), "false", StringComparison.OrdinalIgnoreCase) && (Get(name) is not null || _values.Keys.Any(k => k.StartsWith(name + ".", StringComparison.OrdinalIgnoreCase)));

    public IReadOnlyList<string> List(string name) =>
        [.. (Get(name) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The names right below a name: of "entrypoints", "web" and "websecure".</summary>
    public IReadOnlyList<string> Below(string name) =>
        [.. _values.Keys.Where(k => k.StartsWith(name + ".", StringComparison.OrdinalIgnoreCase)).Select(k => k[(name.Length + 1)..].Split('.', '[')[0])
            .Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)];

    /// <summary>"--name=value", "--name value", "--flag". What is no flag ends them.</summary>
    public static StaticOptions OfArguments(IReadOnlyList<string> arguments)
    {
        var options = new StaticOptions();
        for (var i = 0; i < arguments.Count; i++)
        {
            var word = arguments[i];
            var name = word.TrimStart('-');
            if (name.Length == word.Length || name.Length == 0 || word.Length - name.Length > 2)
            {
                continue;
            }

            var equals = name.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                options.Add(name[..equals], name[(equals + 1)..]);
            }
            else if (i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-'))
            {
                options.Add(name, arguments[++i]);
            }
            else
            {
                options.Add(name, "true");
            }
        }

        return options;
    }

    /// <summary>TRAEFIK_ENTRYPOINTS_WEB_ADDRESS.</summary>
    public static StaticOptions OfEnvironment(IEnumerable<KeyValuePair<string, string>> variables)
    {
        const string Prefix = "TRAEFIK_";
        var options = new StaticOptions();
        foreach (var (name, value) in variables.Where(static v => v.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && v.Key.Length > Prefix.Length))
        {
            options.Add(name[Prefix.Length..].Replace('_', '.').ToLowerInvariant(), value);
        }

        return options;
    }

    /// <summary>traefik.yml or traefik.toml, read into a tree.</summary>
    public static StaticOptions OfTree(JsonNode? tree)
    {
        var options = new StaticOptions();
        options.Flatten("", tree);
        return options;
    }

    private void Flatten(string name, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                if (name.Length > 0 && map.Count == 0)
                {
                    _values.TryAdd(name, "true");
                }

                foreach (var (key, value) in map.Entries())
                {
                    Flatten(name.Length == 0 ? key : $"{name}.{key}", value);
                }

                break;
            case JsonArray list when list.All(static i => i is JsonValue):
                _values.TryAdd(name, string.Join(',', list.Texts()));
                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    Flatten($"{name}[{i}]", list[i]);
                }

                break;
            default:
                // "kubernetesCRD:" with nothing after it switches the provider on.
                _values.TryAdd(name, node.Text() ?? "true");
                break;
        }
    }

    // A flag given twice adds up where it is a list; where it isn't, Traefik takes the last: told apart by what lists are used here.
    private void Add(string name, string value)
    {
        if (_values.TryGetValue(name, out var before) && IsList(name))
        {
            value = $"{before},{value}";
        }

        _values[name] = value;
    }

    private static bool IsList(string name) =>
        name.EndsWith(".namespaces", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".trustedips", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".middlewares", StringComparison.OrdinalIgnoreCase);
}
