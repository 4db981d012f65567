namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>What comes of a violation: audit = recorded; alert = recorded and told to alerts; enforce = recorded, told and stopped.</summary>
internal enum GuardMode
{
    Audit,
    Alert,
    Enforce,
}

internal static class GuardModes
{
    public static IReadOnlyList<string> Names { get; } = ["audit", "alert", "enforce"];

    public static string Word(this GuardMode mode) => Names[(int)mode];

    /// <summary>By its word in lower case. Never throws.</summary>
    public static bool TryParse(string? text, out GuardMode mode)
    {
        var at = text is null ? -1 : ((List<string>)[.. Names]).IndexOf(text);
        mode = (GuardMode)Math.Max(0, at);
        return at >= 0;
    }

    /// <summary>What the mode wants done about a violation, in the words of <c>action</c>.</summary>
    public static string Action(this GuardMode mode) => mode switch
    {
        GuardMode.Enforce => "blocked",
        GuardMode.Alert => "alerted",
        _ => "logged",
    };
}
