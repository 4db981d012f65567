using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Agent.Guardrails;
using DevOpsAgent.Agent.Results;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Incidents;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>What one run's calls share.</summary>
internal sealed record RunTools(Gateway Gateway, ResultText Results, RunBudget Budget, RunEvidence Evidence, GuardrailLog Log, Caller Caller, TimeProvider Time)
{
    public AgentLimitsConfig Limits => Budget.Limits;

    /// <summary>Parameters that were answered already, and under which name.</summary>
    public Dictionary<string, string> Asked { get; } = new(StringComparer.Ordinal);

    /// <summary>Calls that were not run because the rows are used up.</summary>
    public int RefusedForRows { get; set; }
}

/// <summary>
/// The calls of one answer: run side by side, each within its time, and each with its own result whatever happens. Ids are
/// ours, so that a missing or repeated one can't put a result on another call.
/// </summary>
internal static class ToolTurn
{
    /// <summary>Calls of one answer that are run; the others are told to wait.</summary>
    private const int MaxCalls = 8;

    private const int AtOnce = 4;

    /// <summary>Rows of one answer; more are grouped.</summary>
    private const int RowsAtOnce = 50;

    private const int MaxArgumentText = 600;

    /// <summary>The id of a call: 9 letters and digits, which every provider takes.</summary>
    public static string Id(int turn, int place) => string.Create(CultureInfo.InvariantCulture, $"c{turn % 10_000:D4}{place % 10_000:D4}");

    /// <summary>One outcome per call, in order. Never throws, but for the cancellation of the run.</summary>
    public static async Task<IReadOnlyList<ToolOutcome>> RunAsync(RunTools run, IReadOnlyList<FunctionCallContent> calls, CancellationToken cancellationToken)
    {
        using var gate = new SemaphoreSlim(AtOnce);
        var answers = await Task.WhenAll(calls.Select((call, i) => i >= MaxCalls
            ? Task.FromResult(new Called(call, default, null, string.Create(CultureInfo.InvariantCulture, $"At most {MaxCalls} calls at once are run: ask for this one again.")))
            : CallAsync(run, call, gate, cancellationToken)));

        // One after another in the order of the calls: what is cited as q2 is the second query, whichever ended first.
        return [.. answers.Select(a => Outcome(run, a))];
    }

    private static async Task<Called> CallAsync(RunTools run, FunctionCallContent call, SemaphoreSlim gate, CancellationToken cancellationToken)
    {
        var name = call.Name ?? "";
        if (call.Exception is not null || !CallArguments.TryRead(call.Arguments, out var parameters))
        {
            return new(call, default, null, "The arguments are not valid JSON, or are too large. Send one JSON object by the tool's schema.");
        }

        if (name == "query_logs" && run.Budget.RowsLeft == 0)
        {
            run.RefusedForRows++;
            return new(call, parameters, null, "The rows that this run may read are used up. Conclude with what you have.");
        }

        var key = name + " " + parameters.GetRawText();
        lock (run.Asked)
        {
            if (run.Asked.TryGetValue(key, out var cite))
            {
                return new(call, parameters, null, $"You asked exactly this before: see {cite}. Ask for something else, or conclude.");
            }
        }

        // A tool that exists but isn't offered is as unknown as any other; the receipt says what was tried.
        var offered = ToolDeck.Offered.Contains(name, StringComparer.Ordinal) && run.Gateway.Tools.Any(t => t.Name == name && !t.HasEffect);
        var tool = offered ? name : run.Gateway.Tools.Any(t => t.Name == name) ? name + " (not offered)" : name.Length == 0 ? "(no name)" : name;
        await gate.WaitAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // On another thread: a tool that blocks its own is left behind all the same.
            var answer = await Task.Run(() => run.Gateway.CallAsync(tool, parameters, run.Caller, stop.Token), CancellationToken.None).WaitAsync(run.Limits.ToolTimeout, run.Time, cancellationToken);
            var text = offered ? "" : $"There is no tool of this name. Tools are {string.Join(", ", ToolDeck.Offered)}.";
            return new(call, parameters, answer, text);
        }
        catch (TimeoutException)
        {
            await stop.CancelAsync();
            return new(call, parameters, null, $"It gave no answer within {DurationText.Of(run.Limits.ToolTimeout)}. Ask for less.");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new(call, parameters, null, $"It failed: {e.GetType().Name}.");
        }
        finally
        {
            gate.Release();
        }
    }

    private static ToolOutcome Outcome(RunTools run, Called called)
    {
        var name = ShortName(called.Call.Name);
        var (decision, cite) = (called.Answer is { } a ? Word(a.Decision) : "not_run", (string?)null);
        JsonNode tree = new JsonObject();
        var message = called.Problem.Length > 0 ? called.Problem : called.Answer!.Text;
        if (called is { Problem: "", Answer: { Decision: Decision.Allow, Result: { } result } })
        {
            if (result.Value is Incident incident)
            {
                run.Evidence.See(incident.Clients);
            }

            if (name == "query_logs" && result.Output is { } output)
            {
                var table = HitTable.Of(output, Math.Min(RowsAtOnce, run.Budget.RowsLeft), out var rows);
                run.Budget.CountRows(rows);
                cite = run.Evidence.Add(called.Parameters, table).Id;
                tree = table;
            }
            else if (result.Output is { } other)
            {
                tree = new JsonObject { ["answer"] = HitTable.Plain(other, RowsAtOnce) };
            }

            lock (run.Asked)
            {
                run.Asked[$"{called.Call.Name} {called.Parameters.GetRawText()}"] = cite ?? "its answer above";
            }
        }

        // What a tool says may quote a field's name or a value, and with it a log.
        if (message.Length > 0)
        {
            ((JsonObject)tree).Insert(0, "message", message);
        }

        var head = cite is null ? $"{name}: {decision}{(called.Answer?.Reason is { Length: > 0 } reason ? $" ({reason})" : "")}." : $"{cite} {name}: {decision}. Cite it as {cite}.";
        run.Results.Of(head, tree, run.Log, out var text);
        return new(tree, new(called.Call.CallId, text), new()
        {
            Kind = StepKind.Called,
            Tool = name,
            Parameters = Cut(called.Parameters.ValueKind == JsonValueKind.Undefined ? "" : SecretText.Remove(called.Parameters.GetRawText(), out _), MaxArgumentText),
            Text = Cut(Shown(tree, message), RunStep.MaxText),
            Cite = cite,
            Decision = decision,
            Intent = called.Answer?.Intent,
        });
    }

    /// <summary>For people: what came of the call, after the guardrails.</summary>
    private static string Shown(JsonNode tree, string message)
    {
        var map = (JsonObject)tree;
        var said = map["message"] is JsonValue value && value.TryGetValue<string>(out var safe) ? safe : message;
        var total = map["total"] is JsonValue count ? string.Create(CultureInfo.InvariantCulture, $"{count.ToJsonString()} events. ") : "";
        var body = (map["aggregations"] ?? (map["hits"] as JsonObject)?["rows"] ?? map["answer"])?.ToJsonString() ?? "";
        return $"{total}{said}{(body.Length > 0 ? (said.Length > 0 ? " " : "") + body : "")}";
    }

    private static string Word(Decision decision) => EntryNames.Of(decision);

    /// <summary>A name that the model made up may be anything.</summary>
    private static string ShortName(string? name) => name is { Length: > 0 and <= 64 } && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? name : "unknown tool";

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length] + "…";

    /// <param name="Answer">Null: it never reached the gateway, or gave no answer.</param>
    /// <param name="Problem">Why it has no result; empty: it has one.</param>
    private sealed record Called(FunctionCallContent Call, JsonElement Parameters, CallAnswer? Answer, string Problem);
}

/// <summary>A call's result for the model, and the step for people.</summary>
/// <param name="Tree">The answer after the guardrails.</param>
internal sealed record ToolOutcome(JsonNode Tree, FunctionResultContent Result, RunStep Step)
{
    public string Text => (string)Result.Result!;
}
