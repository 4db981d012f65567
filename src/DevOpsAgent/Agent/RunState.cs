using DevOpsAgent.Agent.Guardrails;
using DevOpsAgent.Agent.Results;
using DevOpsAgent.Logs.Query;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>One run from its start to its end: budgets, conversation, what was shown, what is kept.</summary>
internal sealed class RunState
{
    public RunState(ModelParts parts, long? incidentId, Action<RunStep>? onStep)
    {
        Parts = parts;
        StartedAt = parts.Time.GetUtcNow();
        var (log, budget) = (new GuardrailLog(), new RunBudget(parts.Config.Agent, parts.Config.Llm, parts.Time));
        Input = new(parts.Config.Guardrails);
        Output = new(parts.Config.Guardrails);
        Tools = new(parts.Gateway, new(Input), budget, new(), log, parts.Caller, parts.Time);
        Record = new(incidentId, () => budget.Elapsed, onStep);
        Session = new(parts, Tools, Record, Conversation, Output);
    }

    public ModelParts Parts { get; }
    public DateTimeOffset StartedAt { get; }
    public InputRails Input { get; }
    public OutputRails Output { get; }
    public RunTools Tools { get; }
    public RunRecord Record { get; }
    public Conversation Conversation { get; } = new();
    public ModelSession Session { get; }

    public GuardrailLog Log => Tools.Log;

    public RunBudget Budget => Tools.Budget;

    public RunEvidence Evidence => Tools.Evidence;

    /// <summary>Null: there is nothing to search, or it can't be asked.</summary>
    public async Task<(LogFields? Fields, DateTimeOffset? Newest)> LogsAsync(CancellationToken cancellationToken)
    {
        if (Parts.Logs() is not { } logs)
        {
            return (null, null);
        }

        try
        {
            return (LogFields.Of(await logs.FieldsAsync(cancellationToken)), await logs.NewestAsync(cancellationToken));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Record.Note(0, $"The logs can't be searched: {e.GetType().Name}.");
            return (null, null);
        }
    }

    /// <summary>A call by the program itself: shown as a step, and its answer framed for the model.</summary>
    public async Task<ToolOutcome> CallAsync(string tool, Dictionary<string, object?> arguments, int phase, CancellationToken cancellationToken)
    {
        var outcome = (await ToolTurn.RunAsync(Tools with { Caller = Parts.Asker }, [new("code", tool, arguments)], cancellationToken))[0];
        Record.Add(outcome.Step with { Phase = phase, ByCode = true });
        return outcome;
    }

    /// <summary>Runs the model's calls and puts them and their results into the conversation, under ids of ours.</summary>
    /// <param name="own">Answers a call that isn't one of the gateway's: its text, or null where it is one.</param>
    public async Task CallAsync(ModelAnswer answer, int phase, Func<FunctionCallContent, string?> own, CancellationToken cancellationToken)
    {
        var calls = answer.Calls.Select((c, i) => new FunctionCallContent(ToolTurn.Id(Budget.Turns, i), Name(c), CallArguments.TryRead(c.Arguments, out _) ? c.Arguments : null) { Exception = c.Exception, AdditionalProperties = c.AdditionalProperties }).ToList();
        for (var i = 0; i < calls.Count; i++)
        {
            if (answer.Calls[i].Exception is null && !CallArguments.TryRead(answer.Calls[i].Arguments, out _))
            {
                calls[i].Exception = new FormatException("unreadable arguments");
            }
        }

        Conversation.Add(new ChatMessage(ChatRole.Assistant, [.. answer.Text.Length > 0 ? [new TextContent(answer.Text)] : Array.Empty<AIContent>(), .. calls]));
        var mine = calls.Select(own).ToList();
        var asked = calls.Where((_, i) => mine[i] is null).ToList();
        IReadOnlyList<ToolOutcome> outcomes;
        try
        {
            outcomes = await ToolTurn.RunAsync(Tools, asked, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Session.Stop(RunEnd.Cancelled, "It was told to stop.");
            outcomes = [];
        }

        foreach (var outcome in outcomes)
        {
            Record.Add(outcome.Step with { Phase = phase });
        }

        // Each call has exactly one result, also one that was given up.
        var results = outcomes.ToDictionary(static o => o.Result.CallId, static o => o.Result, StringComparer.Ordinal);
        Conversation.Add(new ChatMessage(ChatRole.Tool, [.. calls.Select((c, i) => (AIContent)(mine[i] is { } text ? new(c.CallId, text) : results.GetValueOrDefault(c.CallId) ?? new FunctionResultContent(c.CallId, "It was given up.")))]));
        if (Tools.RefusedForRows >= 3)
        {
            Session.Stop(RunEnd.StoppedByRows, Budget.Text(RunEnd.StoppedByRows));
        }
    }

    /// <summary>The end of the run, as it is stored.</summary>
    public Investigation Close() => new()
    {
        Run = Record.Run,
        IncidentId = Record.IncidentId,
        Model = Parts.Model,
        StartedAt = StartedAt,
        EndedAt = Parts.Time.GetUtcNow(),
        End = Session.End ?? RunEnd.Garbled,
        EndText = Session.End is RunEnd.Answered ? "" : Short(Session.EndText),
        Steps = Record.Steps,
        Guardrails = Log.Lines(),
        Turns = Budget.Turns,
        TokensIn = Budget.TokensIn,
        TokensOut = Budget.TokensOut,
        Cost = Budget.Cost,
        Rows = Budget.Rows,
    };

    /// <summary>A provider's message may hold a key or whatever a server sends.</summary>
    private static string Short(string text)
    {
        text = SecretText.Remove(text, out _);
        return text.Length <= 400 ? text : text[..400] + "…";
    }

    /// <summary>What goes back to a provider must be a name to it.</summary>
    private static string Name(FunctionCallContent call) => call.Name is { Length: > 0 and <= 64 } name && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : "unknown_tool";
}
