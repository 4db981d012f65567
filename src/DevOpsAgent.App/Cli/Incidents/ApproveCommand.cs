using System.CommandLine;
using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Cli.Incidents;

internal static class ApproveCommand
{
    public static Command Build(CommandContext context)
    {
        var ids = Decision.Ids();
        var by = Operator.ByOption();
        var note = Operator.NoteOption();
        var version = new Option<long?>("--version") { Description = "Only as this version showed it (see 'incidents show'); default: as it is now", HelpName = "n" };
        var ttl = TtlOption("Deny for this long instead of the recommended time, as 4h or 7d");
        var command = new Command("approve", "Approve recommended blocks and see them take effect") { ids, by, note, version, ttl };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var why = Operator.Note(parsed.GetValue(note));
            var time = Duration(parsed.GetValue(ttl));
            var numbers = parsed.GetRequiredValue(ids).Distinct().ToList();
            var named = parsed.GetValue(version);
            if (named is not null && numbers.Count > 1)
            {
                throw CommandException.Usage("--version goes with one incident.", "Approve them one by one.");
            }

            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var decisions = numbers.Select(id => new IncidentDecision(id, DecisionKind.Approve, who.By, who.Origin)
            {
                Ttl = time,
                Note = why,
                Seen = named ?? Read(context.Terminal, desk.Store, id, time),
            });
            var outcomes = await desk.Effects.DecideAsync([.. decisions], who.Caller, cancellation);
            var open = outcomes.Select(static o => o.Incident).OfType<Incident>().Where(static i => i.Status == IncidentStatus.Approved).ToList();
            var effects = (await Approval.CarryOutAsync(desk, context.Terminal, open, cancellation)).ToDictionary(static e => e.Id);
            return Decision.Report(context.Terminal, [.. outcomes.Select(o => effects.TryGetValue(o.Id, out var effect) ? effect : Decision.Of(o, $"devops-agent incidents undo {o.Id}"))], format.IsJson(parsed));
        });
        return command;
    }

    /// <summary>The version that is approved: what a person at a screen is shown here.</summary>
    private static long? Read(Terminal terminal, IStore store, long id, TimeSpan? ttl)
    {
        var incident = store.GetIncident(id);
        if (terminal.IsScreen && incident?.Recommendation is { Ranges.Count: > 0 } r)
        {
            var ranges = string.Join(", ", r.Ranges.Take(5)) + (r.Ranges.Count > 5 ? $" and {r.Ranges.Count - 5} more" : "");
            terminal.Error.WriteLine(SafeText.Of($"Incident {id}, version {incident.Version}: deny {ranges} for {Words.Duration(ttl ?? r.Ttl)} at {r.Where}"));
        }

        return incident?.Version;
    }

    internal static Option<string?> TtlOption(string description) => new("--ttl") { Description = description, HelpName = "time" };

    internal static TimeSpan? Duration(string? text) => text is null ? null
        : DurationText.TryParse(text, out var duration) && duration > TimeSpan.Zero ? duration
        : throw CommandException.Usage($"'{text}' is not a duration above zero.", "Write it as 90s, 30m, 4h or 7d.");
}
