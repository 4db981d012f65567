using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Config;

/// <summary>Reads the configuration as the service would and says all that is wrong with it.</summary>
internal static class CheckCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("check", "Check the configuration: everything that is wrong with it, with file, line and column");
        var format = OutputFormat.AddTo(command);
        foreach (var option in context.Options.Overrides)
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed => Run(context, parsed, format.IsJson(parsed)));
        return command;
    }

    private static int Run(CommandContext context, ParseResult parsed, bool json)
    {
        var terminal = context.Terminal;
        var request = context.Options.Request(parsed, terminal);
        IReadOnlyList<ConfigProblem> problems = [], warnings = [];
        try
        {
            var loaded = ConfigReader.Load(request);
            warnings = loaded.Warnings;
            RuleLibrary.Load(loaded.Config.Detection);
        }
        catch (ConfigException e) when (json)
        {
            problems = e.Problems;
        }

        if (json)
        {
            var view = new CheckView(problems.Count == 0, request.File, [.. problems.Select(ProblemView.Of)], [.. warnings.Select(ProblemView.Of)]);
            terminal.Out.WriteLine(JsonSerializer.Serialize(view, CliJson.Default.ConfigCheckView));
            return problems.Count == 0 ? ExitCode.Fine : ExitCode.Usage;
        }

        foreach (var warning in warnings)
        {
            terminal.Error.WriteLine("warning: " + SafeText.Of(warning.ToString()));
        }

        var count = warnings.Count switch
        {
            0 => "",
            1 => ", 1 warning",
            var n => string.Create(CultureInfo.InvariantCulture, $", {n} warnings"),
        };
        terminal.Out.WriteLine(SafeText.Of(request.File ?? "built-in configuration") + ": fine" + count);
        return ExitCode.Fine;
    }
}

/// <summary>Line and column are 0 where a problem has none (a variable, a flag, the file as a whole).</summary>
internal sealed record ProblemView(string File, int Line, int Column, string Message)
{
    public static ProblemView Of(ConfigProblem problem) => new(problem.File, problem.Line, problem.Column, problem.Message);
}

internal sealed record CheckView(bool Ok, string? File, IReadOnlyList<ProblemView> Problems, IReadOnlyList<ProblemView> Warnings);
