using System.Collections;

namespace DevOpsAgent.App.Cli;

/// <summary>The Terminal is all that a command sees of the process it runs in: streams, variables, clock and what the screen can do.</summary>
internal sealed record Terminal
{
    public required TextReader In { get; init; }
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>True: a person reads <see cref="Out"/> on a screen.</summary>
    public bool IsScreen { get; init; }

    /// <summary>True: a person may be looking at <see cref="Error"/>: progress may be shown there.</summary>
    public bool ShowsProgress { get; init; }

    /// <summary>Columns; 80 where it is not a screen.</summary>
    public int Width { get; init; } = 80;

    /// <summary>Colour only on a screen, and not where NO_COLOR (no-color.org) or TERM=dumb asks for none.</summary>
    public bool Colour => IsScreen && string.IsNullOrEmpty(Environment.GetValueOrDefault("NO_COLOR")) && Environment.GetValueOrDefault("TERM") != "dumb";

    public static Terminal OfProcess()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        var screen = !Console.IsOutputRedirected;
        return new()
        {
            In = Console.In,
            Out = Console.Out,
            Error = Console.Error,
            Environment = variables,
            Time = TimeProvider.System,
            IsScreen = screen,
            ShowsProgress = !Console.IsErrorRedirected,
            Width = screen ? Math.Max(40, Console.WindowWidth) : 80,
        };
    }
}
