namespace DevOpsAgent.Configuration;

/// <summary>
/// Variables that set keys: DEVOPS_AGENT_ and the key's path in capitals (blocking.ttl is DEVOPS_AGENT_BLOCKING_TTL).
/// Lists are separated by commas; an empty value means an empty list, or no value for a key that may have none.
/// </summary>
internal static class EnvironmentOverrides
{
    public const string Prefix = "DEVOPS_AGENT_";

    /// <summary>The one variable that is not a key: the configuration file, like --config.</summary>
    public const string FileVariable = "DEVOPS_AGENT_CONFIG";

    public static string NameOf(string path) => Prefix + path.Replace('.', '_').ToUpperInvariant();

    public static void Apply(IReadOnlyDictionary<string, string> environment, List<ConfigProblem> problems, Dictionary<string, ConfigOrigin> origins, ref AgentConfig config)
    {
        var given = environment.Where(static v => v.Key.StartsWith(Prefix, StringComparison.Ordinal) && v.Key != FileVariable)
            .OrderBy(static v => v.Key, StringComparer.Ordinal).ToArray();
        if (given.Length == 0)
        {
            return;
        }

        var keys = ConfigKeys.All.Keys.ToDictionary(static k => NameOf(k.Path), StringComparer.Ordinal);
        foreach (var (name, value) in given)
        {
            if (!keys.TryGetValue(name, out var key))
            {
                // DEVOPS_AGENT_MOED would be a mode that silently never applied.
                var near = NearestName.Of(name[Prefix.Length..], keys.Keys.Append(FileVariable).Select(static k => k[Prefix.Length..]));
                problems.Add(new(name, 0, 0, near is null
                    ? "sets no known key; unset it ('devops-agent config show' lists the keys)"
                    : $"sets no known key; did you mean {Prefix}{near}?"));
                continue;
            }

            IReadOnlyList<string> values = key.IsList
                ? value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                : [value];
            ConfigReader.Override(key, name, values, problems, origins, ref config);
        }
    }
}
