using System.CommandLine;
using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.Incidents;

internal static class ApproveCommand
{
    public static Command Build(CommandContext context)
    {
        var ids = Decision.Ids();
        var by = Operator.ByOption();
        var ttl = TtlOption("Deny for this long instead of the recommended time, as 4h or 7d");
        var command = new Command("approve", "Approve recommended blocks and see them take effect") { ids, by, ttl };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var time = Duration(parsed.GetValue(ttl));
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var outcomes = await desk.Effects.DecideAsync(Decision.All(parsed.GetRequiredValue(ids), DecisionKind.Approve, who, d => d with { Ttl = time }), who.Caller, cancellation);
            var open = outcomes.Select(static o => o.Incident).OfType<Incident>().Where(static i => i.Status == IncidentStatus.Approved).ToList();
            var effects = (await Approval.CarryOutAsync(desk, context.Terminal, open, cancellation)).ToDictionary(static e => e.Id);
            return Decision.Report(context.Terminal, [.. outcomes.Select(o => effects.TryGetValue(o.Id, out var effect) ? effect : Decision.Of(o, $"devops-agent incidents undo {o.Id}"))], format.IsJson(parsed));
        });
        return command;
    }

    internal static Option<string?> TtlOption(string description) => new("--ttl") { Description = description, HelpName = "time" };

    internal static TimeSpan? Duration(string? text) => text is null ? null
        : DurationText.TryParse(text, out var duration) && duration > TimeSpan.Zero ? duration
        : throw CommandException.Usage($"'{text}' is not a duration above zero.", "Write it as 90s, 30m, 4h or 7d.");
}
