namespace DevOpsAgent.Configuration;

/// <summary>What to load: a file (null: the built-in config/default.yaml), the environment and the flags of the command line.</summary>
internal sealed record ConfigRequest
{
    public string? File { get; init; }

    /// <summary>All variables: for ${NAME}, and DEVOPS_AGENT_* as overrides.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyList<FlagValue> Flags { get; init; } = [];
}

/// <summary>A value from the command line: flag "--mode" sets key "mode".</summary>
internal sealed record FlagValue(string Flag, string Key, IReadOnlyList<string> Values);

/// <summary>A usable configuration and where each value came from.</summary>
internal sealed record LoadedConfig
{
    public required AgentConfig Config { get; init; }

    /// <summary>Null: no file was given.</summary>
    public required string? File { get; init; }

    /// <summary>By key path; keys that stand at their default are absent.</summary>
    public required IReadOnlyDictionary<string, ConfigOrigin> Origins { get; init; }

    /// <summary>What works but probably is not what was meant.</summary>
    public required IReadOnlyList<ConfigProblem> Warnings { get; init; }
}

/// <summary>Where a value was set: a file's name with line and column, a variable's name or a flag (line 0).</summary>
internal sealed record ConfigOrigin(string Source, int Line, int Column)
{
    /// <summary>"config.yaml:12", "DEVOPS_AGENT_MODE", "--mode".</summary>
    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;

    public ConfigProblem Problem(string message) => new(Source, Line, Column, message);
}
