using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli.ModeCommands;

internal static class ShowCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("show", "Show the operating mode in force and where it comes from");
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var loaded = context.Load(parsed);
            var configured = loaded.Config.Mode;
            using var store = OperatorDesk.Look(loaded);
            var current = new ModeSwitch(store, configured).Current;
            var origin = current != configured ? "mode set" : loaded.Origins.GetValueOrDefault("mode")?.ToString() ?? "default";
            context.Terminal.Out.WriteLine(format.IsJson(parsed)
                ? JsonSerializer.Serialize(new ModeView(Words.Name(current), Words.Name(configured), origin), CliJson.Default.CliModeView)
                : SafeText.Of(current == configured ? $"{Words.Name(current)} ({origin})" : $"{Words.Name(current)} (set at run time; the configuration says {Words.Name(configured)})"));
            return ExitCode.Fine;
        });
        return command;
    }
}

/// <summary>Mode is in force; configured is what file, environment and flags say.</summary>
internal sealed record ModeView(string Mode, string Configured, string Origin);
