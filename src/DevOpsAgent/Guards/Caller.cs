namespace DevOpsAgent.Guards;

/// <summary>Who calls a tool. Taken from how the call came in, never from what it says.</summary>
/// <param name="Agent">The identity whose behaviour and rate are watched: "service", "person anna", "model gpt-4o", "mcp NAME".</param>
/// <param name="By">For histories: the person's name, "auto", "model".</param>
/// <param name="Origin">"service", "web 127.0.0.1", "cli uid 1000", "mcp stdio".</param>
internal sealed record Caller(string Agent, string By, string Origin, CallerKind Kind)
{
    public static Caller Service { get; } = new("service", "auto", "service", CallerKind.Service);

    public static Caller Person(string by, string origin) => new($"person {by}", by, origin, CallerKind.Person);
}

internal enum CallerKind
{
    /// <summary>The program's own code: mode auto, expiry.</summary>
    Service,

    /// <summary>A person at the terminal or the page.</summary>
    Person,

    /// <summary>A language model, or another program through MCP: it may propose more than it may do.</summary>
    Model,
}
