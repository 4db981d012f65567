namespace DevOpsAgent.Configuration;

/// <summary>The tools for other programs' models, <c>mcp</c>.</summary>
internal sealed record McpConfig
{
    /// <summary>Address and port for HTTP. Null: standard input and output.</summary>
    public string? Listen { get; init; }

    /// <summary>What a client over HTTP must send as bearer token. Null: drawn at each start.</summary>
    public Secret? Token { get; init; }

    /// <summary>Host header values that are answered, besides loopback names with our port: stops DNS rebinding.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Tools that change something and are served all the same.</summary>
    public IReadOnlyList<string> AllowWrites { get; init; } = [];
}
