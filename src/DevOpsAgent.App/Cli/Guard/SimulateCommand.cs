using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;

namespace DevOpsAgent.App.Cli.GuardCommands;

internal static class SimulateCommand
{
    public static Command Build(CommandContext context)
    {
        var file = new Argument<string>("events") { Description = "Recorded events (of 'guard run --record' or 'guard learn --record'); - is standard input" };
        var command = new Command("simulate", "Say what a policy would have done to recorded events") { file };
        var source = GuardSource.AddTo(command, context);
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var policy = source.Load(parsed);
            var events = Events(context.Terminal, parsed.GetRequiredValue(file));
            var result = PolicySimulation.Run(policy, events, context.Terminal.Time);
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(new SimulationView(result.Events, result.Violations, result.Unknown, [.. result.Findings.Select(static f => new SimulatedView(f.Count, f.Violation))]), CliJson.Default.SimulationView));
            }
            else
            {
                Show(context.Terminal, result);
            }

            return result.Violations == 0 ? ExitCode.Fine : ExitCode.FoundOrRefused;
        });
        return command;
    }

    /// <summary>Throws <see cref="ConfigException"/> for lines that are no events: a simulation of half a recording says nothing.</summary>
    public static IReadOnlyList<GuardEvent> Events(Terminal terminal, string file)
    {
        var problems = new List<ConfigProblem>();
        using var text = file == "-" ? null : new StreamReader(file);
        var events = EventFile.Read(text ?? terminal.In, file == "-" ? "standard input" : file, problems);
        return problems.Count == 0 ? events : throw new ConfigException(problems);
    }

    private static void Show(Terminal terminal, PolicySimulation result)
    {
        if (result.Findings.Count > 0)
        {
            var table = new TextTable(new("COUNT", Right: true), new("PROCESS"), new("SEVERITY"), new("ACTION"), new("VIOLATION", Stretch: true));
            foreach (var finding in result.Findings)
            {
                table.Add(finding.Count.ToString(CultureInfo.InvariantCulture), finding.Violation.ProcessName, finding.Violation.Severity, finding.Violation.Action, finding.Violation.Detail);
            }

            table.WriteTo(terminal);
        }

        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Events} events, {result.Violations} violations."));
        foreach (var (name, count) in result.Unknown)
        {
            terminal.Out.WriteLine(SafeText.Of(string.Create(CultureInfo.InvariantCulture, $"{count} events of '{name}', for which there is no policy.")));
        }
    }
}

internal sealed record SimulationView(int Events, int Violations, IReadOnlyDictionary<string, int> Unknown, IReadOnlyList<SimulatedView> Findings);

internal sealed record SimulatedView(int Count, Violation Violation);
