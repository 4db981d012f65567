using DevOpsAgent.App.Cli;

namespace DevOpsAgent.Tests.Cli;

/// <summary>A terminal that keeps what is written to it; not a screen.</summary>
internal static class TestTerminal
{
    public static Terminal Of(params (string Name, string Value)[] variables) => new()
    {
        In = TextReader.Null,
        Out = new StringWriter { NewLine = "\n" },
        Error = new StringWriter { NewLine = "\n" },
        Environment = variables.ToDictionary(static v => v.Name, static v => v.Value, StringComparer.Ordinal),
        Time = TimeProvider.System,
    };

    /// <summary>Runs the command line in this process: exit code, standard output, standard error.</summary>
    public static async Task<(int Exit, string Out, string Error)> RunAsync(Terminal terminal, params string[] arguments)
    {
        var exit = await CommandLine.RunAsync(arguments, terminal);
        return (exit, terminal.Out.ToString()!, terminal.Error.ToString()!);
    }
}
