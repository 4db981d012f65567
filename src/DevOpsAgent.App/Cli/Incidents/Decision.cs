using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.Incidents;

/// <summary>What came of a decision about one incident, for people and as JSON.</summary>
/// <param name="Result">done, already_done, refused, not_found, unavailable, failed (permitted, but the target could not be written) or waiting (stored; the agent has not applied it yet).</param>
/// <param name="Status">The incident's status now; null where there is none.</param>
/// <param name="Undo">The command that takes it back.</param>
internal sealed record DecisionView(long Id, string Result, string? Status, string Message, string? Undo);

/// <summary>What approve, reject and undo have in common: several numbers, a name, one line and one exit code for all.</summary>
internal static class Decision
{
    public static Argument<long[]> Ids() => new("id") { Description = "The incidents' numbers", HelpName = "id", Arity = ArgumentArity.OneOrMore };

    public static IReadOnlyList<IncidentDecision> All(IEnumerable<long> ids, DecisionKind kind, Operator who, Func<IncidentDecision, IncidentDecision>? with = null) =>
        [.. ids.Distinct().Select(id => new IncidentDecision(id, kind, who.By, who.Origin)).Select(with ?? (static d => d))];

    public static DecisionView Of(DeskOutcome outcome, string? undo) => new(outcome.Id, outcome.Result switch
    {
        DeskResult.Done => "done",
        DeskResult.AlreadyDone => "already_done",
        DeskResult.NotFound => "not_found",
        DeskResult.Unavailable => "unavailable",
        _ => "refused",
    }, outcome.Incident is { } incident ? Words.Name(incident.Status) : null, outcome.Message, outcome.Succeeded ? undo : null);

    public static int Report(Terminal terminal, IReadOnlyList<DecisionView> decisions, bool json)
    {
        if (json)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(decisions, CliJson.Default.IReadOnlyListDecisionView));
        }
        else
        {
            foreach (var decision in decisions)
            {
                var stream = decision.Result is "done" or "already_done" ? terminal.Out : terminal.Error;
                stream.WriteLine(SafeText.Of(decision.Message));
                if (decision.Undo is { } undo)
                {
                    stream.WriteLine("Undo: " + SafeText.Of(undo));
                }
            }
        }

        return decisions.Select(static d => d.Result switch
        {
            "done" or "already_done" => ExitCode.Fine,
            "unavailable" or "failed" or "waiting" => ExitCode.Dependency,
            _ => ExitCode.FoundOrRefused,
        }).Max();
    }
}
