using System.Text.Json.Nodes;
using DevOpsAgent.Agent.Results;
using DevOpsAgent.Agent.Tools;
using DevOpsAgent.Incidents;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>
/// The five steps of one finding. Code does 1, 2 and 4 itself, so that they happen whatever the model does; 3 and 5 are the
/// model's. What comes of it is shown beside the rules' result and changes nothing of it.
/// </summary>
internal sealed class IncidentRun(RunState run, Incident incident)
{
    private const int Attempts = 3;

    public async Task<Investigation> RunAsync(CancellationToken cancellationToken)
    {
        Conclusion? conclusion = null;
        try
        {
            conclusion = await StepsAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run.Session.Stop(RunEnd.Cancelled, "It was told to stop.");
        }

        return run.Close() with
        {
            IncidentVersion = incident.Version,
            Conclusion = conclusion,
            Disagreement = conclusion is null ? null : ConclusionCheck.Disagreement(incident, conclusion),
        };
    }

    private async Task<Conclusion?> StepsAsync(CancellationToken cancellationToken)
    {
        run.Evidence.See(incident.Clients);
        var (fields, _) = await run.LogsAsync(cancellationToken);
        run.Conversation.Add(ChatRole.System, Prompts.Incident(fields));
        if (!Show(0, "The incident, as the rules found it.", HitTable.Plain(GetIncidentTool.Json(incident), 20)))
        {
            return null;
        }

        var queries = fields is null ? null : new StepQueries(incident, fields);
        if (queries is not null)
        {
            await QueryAsync(1, "Step 1, initial query:", queries.Initial(), cancellationToken);
            await QueryAsync(2, "Step 2, what the client asked for:", queries.Patterns(), cancellationToken);
            await QueryAsync(2, "Step 2, who else was refused:", queries.Sources(), cancellationToken);
        }
        else
        {
            run.Record.Note(1, "There are no logs to search: steps 1 and 2 rest on the incident's own evidence.");
        }

        run.Conversation.Add(ChatRole.User, "Step 3 is yours: query_logs, or READY.");
        if (!await RefineAsync(cancellationToken))
        {
            return null;
        }

        if (queries is not null)
        {
            var rates = await QueryAsync(4, "Step 4, rates:", queries.Rates(), cancellationToken);
            var text = queries.RateText(rates.Tree);
            run.Record.Note(4, text);
            run.Conversation.Add(ChatRole.User, text);
        }
        else
        {
            run.Record.Note(4, "Step 4 rests on what the rules counted.");
        }

        return await ConfirmAsync(cancellationToken);
    }

    /// <summary>Step 3, until the model asks for nothing more.</summary>
    /// <returns>False: the run has ended.</returns>
    private async Task<bool> RefineAsync(CancellationToken cancellationToken)
    {
        var tools = ToolDeck.Of(run.Parts.Gateway);
        IReadOnlyList<AITool> all = [.. tools, Conclude()];

        // One turn is kept for the conclusion.
        while (!run.Budget.IsLastTurn)
        {
            if (await run.Session.AskAsync(all, 3, cancellationToken) is not { } answer)
            {
                return false;
            }

            if (answer.Calls.Count == 0)
            {
                if (answer.Text.Trim().Length > 0)
                {
                    run.Conversation.Add(ChatRole.Assistant, answer.Text);
                }

                return true;
            }

            var concludes = answer.Calls.Any(static c => c.Name == ConclusionReader.Name);
            await run.CallAsync(answer, 3, static c => c.Name == ConclusionReader.Name ? "Step 4 comes first; you are asked for your conclusion after it." : null, cancellationToken);
            if (run.Session.End is not null)
            {
                return false;
            }

            if (concludes)
            {
                return true;
            }
        }

        return true;
    }

    /// <summary>Step 5.</summary>
    private async Task<Conclusion?> ConfirmAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<AITool> tools = [Conclude()];
        run.Conversation.Add(ChatRole.User, Prompts.Confirm);
        var last = "";
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (await run.Session.AskAsync(tools, 5, cancellationToken) is not { } answer)
            {
                return null;
            }

            last = answer.Text;
            if (TryRead(answer, out var raw, out var problem))
            {
                var checkedOne = new ConclusionCheck(incident, run.Evidence, run.Output, run.Log).Of(raw!, out var withheld);
                run.Session.Stop(withheld is null ? RunEnd.Answered : RunEnd.Withheld, withheld is null ? "" : $"The conclusion is withheld: {withheld} (guardrails.output_policy).");
                return checkedOne;
            }

            run.Record.Note(5, $"No conclusion: {problem}");
            if (answer.Calls.Count > 0)
            {
                await run.CallAsync(answer, 5, _ => Prompts.Again(problem), cancellationToken);
            }
            else
            {
                if (answer.Text.Trim().Length > 0)
                {
                    run.Conversation.Add(ChatRole.Assistant, answer.Text);
                }

                run.Conversation.Add(ChatRole.User, Prompts.Again(problem));
            }
        }

        run.Session.Stop(Refusal.Is(last) ? RunEnd.Refused : RunEnd.Garbled, Refusal.Is(last) ? "The model would not answer." : "The model gave no conclusion that can be read.");
        return null;
    }

    private static bool TryRead(ModelAnswer answer, out RawConclusion? conclusion, out string problem)
    {
        conclusion = null;
        var call = answer.Calls.FirstOrDefault(static c => c.Name == ConclusionReader.Name);
        if (call is { Exception: null } && CallArguments.TryRead(call.Arguments, out var arguments))
        {
            return ConclusionReader.TryRead(arguments, out conclusion, out problem);
        }

        if (call is null && ConclusionReader.TryFind(answer.Text, out var json))
        {
            return ConclusionReader.TryRead(json, out conclusion, out problem);
        }

        problem = call is not null ? "its arguments are not valid JSON."
            : answer.Calls.Count > 0 ? "only conclude can be called now."
            : answer.End == AnswerEnd.Empty ? "nothing came."
            : answer.End == AnswerEnd.Length ? "it is too long."
            : "there is no JSON object in it.";
        return false;
    }

    private async Task<ToolOutcome> QueryAsync(int phase, string what, string query, CancellationToken cancellationToken)
    {
        var outcome = await run.CallAsync("query_logs", new(StringComparer.Ordinal) { ["query"] = query }, phase, cancellationToken);
        run.Conversation.Add(ChatRole.User, $"{what} {outcome.Text}");
        return outcome;
    }

    private bool Show(int phase, string what, JsonNode tree)
    {
        if (run.Tools.Results.Of(what, tree, run.Log, out var text) is { } withheld)
        {
            run.Record.Note(phase, $"The incident is not sent to the model: {withheld}.");
            run.Session.Stop(RunEnd.Withheld, $"The incident is not sent: {withheld} (guardrails.input_policy).");
            return false;
        }

        run.Conversation.Add(ChatRole.User, text);
        return true;
    }

    private static AITool Conclude() => ToolDeck.Declare(ConclusionReader.Name, ConclusionReader.Description, ConclusionReader.Schema);
}
