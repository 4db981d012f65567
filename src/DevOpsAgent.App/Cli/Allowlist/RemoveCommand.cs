using System.CommandLine;
using System.Globalization;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

internal static class RemoveCommand
{
    public static Command Build(CommandContext context)
    {
        var entries = new Argument<string[]>("entry") { Description = "Entries by number or value", HelpName = "id|ip|cidr|name", Arity = ArgumentArity.OneOrMore };
        var by = Operator.ByOption();
        var command = new Command("remove", "Take entries off the allowlist; what they allowed may be blocked again") { entries, by };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var requests = parsed.GetRequiredValue(entries).Select(static text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? new DisallowRequest(id, null) : new(null, text));
            var outcomes = await desk.Effects.DisallowAsync([.. requests], who.Caller, cancellation);
            return Decision.Report(context.Terminal, [.. outcomes.Select(static o => AddCommand.Of(o, ""))], format.IsJson(parsed));
        });
        return command;
    }
}
