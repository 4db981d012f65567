using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Guards;

namespace DevOpsAgent.App.Cli.ToolCommands;

/// <summary>The tools, who judges their calls, and what each guard lately said.</summary>
internal static class ListCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("list", "List the tools with their guards and what each did lately");
        var format = OutputFormat.AddTo(command);
        command.SetAction(async parsed =>
        {
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var tools = desk.Tools().Select(ToolView.Of).ToList();
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(new Page<ToolView>(tools, tools.Count), ViewJson.Default.PageToolView));
                return ExitCode.Fine;
            }

            foreach (var tool in tools)
            {
                Write(context.Terminal, tool);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static void Write(Terminal terminal, ToolView tool)
    {
        var open = tool.Open == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {tool.Open} open");
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tool.Name}: {tool.Description}{(tool.PersonOnly ? " (a model may only propose it)" : "")}"));
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  last {tool.Calls} calls: {tool.Done} done{open}"));
        var table = new TextTable(new("  GUARD"), new("ALLOWED", Right: true), new("DENIED", Right: true), new("WAITING", Right: true), new("LAST DENIAL", Stretch: true));
        foreach (var guard in tool.Guards)
        {
            var allowed = guard.Advisory ? string.Create(CultureInfo.InvariantCulture, $"{guard.Signals} signals") : guard.Allowed.ToString(CultureInfo.InvariantCulture);
            table.Add("  " + guard.Name, allowed, guard.Denied.ToString(CultureInfo.InvariantCulture), guard.Waiting.ToString(CultureInfo.InvariantCulture),
                guard.LastDenial is { } last ? $"{Words.At(last.At)} {last.Agent}: {last.Text}" : "-");
        }

        table.WriteTo(terminal);
        terminal.Out.WriteLine();
    }
}
