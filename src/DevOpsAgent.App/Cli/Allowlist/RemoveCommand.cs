using System.CommandLine;
using System.Globalization;
using DevOpsAgent.App.Cli.Incidents;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

internal static class RemoveCommand
{
    public static Command Build(CommandContext context)
    {
        var entries = new Argument<string[]>("entry") { Description = "Entries by number or value", HelpName = "id|ip|cidr|name", Arity = ArgumentArity.OneOrMore };
        var command = new Command("remove", "Take entries off the allowlist; what they allowed may be blocked again") { entries };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async parsed =>
        {
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var outcomes = parsed.GetRequiredValue(entries).Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? desk.Entries.Remove(id) : desk.Entries.Remove(text));
            return Decision.Report(context.Terminal, [.. outcomes.Select(static o => AddCommand.Of(o, ""))], format.IsJson(parsed));
        });
        return command;
    }
}
