using System.CommandLine;
using DevOpsAgent.Guards;

namespace DevOpsAgent.App.Cli;

/// <summary>The person who decides at a terminal: a name for the history, and where the decision came from.</summary>
/// <param name="Origin">"cli uid 1000".</param>
internal sealed record Operator(string By, string Origin)
{
    private const int MaxName = 100;

    /// <summary>Names that the program itself signs with: a person can't pass for them.</summary>
    private static readonly string[] Reserved = ["auto", "rule", "expiry", "service", "operator", "allowlist", "model"];

    public Caller Caller => Caller.Person(By, Origin);

    public static Option<string?> ByOption() => new("--by") { Description = "Who decides, for the history (default: $SUDO_USER or $USER)", HelpName = "name" };

    public static Operator Of(string? by, Terminal terminal)
    {
        var name = (by ?? Variable(terminal, "SUDO_USER") ?? Variable(terminal, "USER") ?? Environment.UserName).Trim();
        if (name.Length is 0 or > MaxName || name.Any(char.IsControl))
        {
            throw CommandException.Usage($"--by must be a name of 1 to {MaxName} visible characters.");
        }

        return Reserved.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? throw CommandException.Usage($"'{name}' is a name that devops-agent signs with itself.", "Give your own with --by.")
            : new(name, UserId() is { } uid ? $"cli uid {uid}" : "cli");
    }

    private static string? Variable(Terminal terminal, string name) => terminal.Environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    // Uid:	1000	1000	1000	1000
    private static string? UserId()
    {
        try
        {
            return File.ReadLines("/proc/self/status").FirstOrDefault(static l => l.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t', 3)[1];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
