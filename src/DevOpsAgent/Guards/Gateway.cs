using System.Collections.Frozen;
using System.Text.Json;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Guards;

/// <summary>
/// The Gateway is the one way to an effect, whoever asks: code, a person, a model. For each call: the intent is stored, the
/// guards judge, a permit is made, the tool acts, the receipt is stored. No intent, no effect. A receipt that can't be stored
/// leaves the intent open, and the next start asks the world what became of it.
/// </summary>
internal sealed class Gateway
{
    private const string Own = "gateway";

    private readonly ReceiptJournal _journal;
    private readonly GuardPipeline _pipeline;
    private readonly string _policyHash;
    private readonly TimeProvider _time;
    private readonly FrozenDictionary<string, Entry> _entries;

    /// <param name="policyHash">SHA-256 of what the guards go by, 64 hex.</param>
    public Gateway(ReceiptJournal journal, GuardPipeline pipeline, IReadOnlyList<Tool> tools, string policyHash, TimeProvider time)
    {
        (_journal, _pipeline, _policyHash, _time, Tools) = (journal, pipeline, policyHash, time, tools);
        _entries = tools.ToFrozenDictionary(static t => t.Name, t => new Entry(t, pipeline.For(t)), StringComparer.Ordinal);
    }

    /// <summary>In the order in which they were registered.</summary>
    public IReadOnlyList<Tool> Tools { get; }

    /// <summary>The guards that judge a tool, in their order.</summary>
    public IReadOnlyList<IGuard> GuardsOf(Tool tool) => _entries[tool.Name].Guards;

    /// <summary>One call by code. Never throws for a guard's, the tool's or the store's fault.</summary>
    public async Task<CallAnswer> CallAsync<TRequest>(Tool<TRequest> tool, TRequest request, Caller caller, long? incidentId, CancellationToken cancellationToken)
        where TRequest : class =>
        (await CallManyAsync(tool, [new(request, caller, incidentId)], cancellationToken))[0];

    /// <summary>A call by a model or another program: its parameters are judged by the schema before anything else is done with them.</summary>
    public async Task<CallAnswer> CallAsync(string tool, JsonElement parameters, Caller caller, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(tool, out var entry))
        {
            return Record(tool.Length > 64 ? tool[..64] : tool, null, parameters, caller, "unknown_tool", $"There is no tool of this name; known are {string.Join(", ", Tools.Select(static t => t.Name))}.");
        }

        var valid = SchemaGuard.Check(entry.Tool.Schema, parameters);
        if (valid.Verdict != Verdict.Allow)
        {
            return Record(entry.Tool.Name, entry.Tool.Schema, parameters, caller, valid.Code, valid.Text);
        }

        try
        {
            return await entry.Tool.CallAsync(this, parameters, caller, cancellationToken);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            return Record(entry.Tool.Name, entry.Tool.Schema, parameters, caller, "bad_value", $"The parameters can't be used: {e.Message}");
        }
    }

    /// <summary>
    /// Several things at once by code: one transaction for all intents, each judged by itself, one run of the tool for all that
    /// is permitted, one transaction for all receipts. One answer per call, in order.
    /// </summary>
    public async Task<IReadOnlyList<CallAnswer>> CallManyAsync<TRequest>(Tool<TRequest> tool, IReadOnlyList<Call<TRequest>> calls, CancellationToken cancellationToken)
        where TRequest : class
    {
        if (!_entries.TryGetValue(tool.Name, out var entry) || entry.Tool != tool)
        {
            throw new InvalidOperationException($"The tool {tool.Name} is not registered at this gateway.");
        }

        if (calls.Count == 0)
        {
            return [];
        }

        var contexts = new GuardContext[calls.Count];
        var receipts = new Receipt[calls.Count];
        IReadOnlyList<long> intents;
        try
        {
            intents = Begin(tool, calls, contexts, receipts);
        }
        catch (Exception e)
        {
            var text = $"Nothing was done: the intent could not be stored. {e.Message}";
            return [.. calls.Select(_ => new CallAnswer { Decision = Decision.Deny, Reason = Own + ".no_intent", Text = text, Fault = e as StoreException })];
        }

        var (judgements, results, fault) = await PermitAsync(entry, tool, calls, contexts, intents, cancellationToken);
        var answers = new CallAnswer[calls.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = Answer(intents[i], judgements?[i], results[i], fault);
            receipts[i] = receipts[i] with
            {
                Intent = intents[i],
                At = _time.GetUtcNow(),
                Decision = answers[i].Decision,
                Reason = answers[i].Reason,
                Text = answers[i].Text,
                Evidence = judgements?[i].Evidence ?? [],
                Signals = judgements?[i].Signals ?? [],
            };
        }

        return Close(receipts, answers);
    }

    private IReadOnlyList<long> Begin<TRequest>(Tool<TRequest> tool, IReadOnlyList<Call<TRequest>> calls, GuardContext[] contexts, Receipt[] receipts)
        where TRequest : class
    {
        var now = _time.GetUtcNow();
        var intents = new Intent[calls.Count];
        for (var i = 0; i < intents.Length; i++)
        {
            var call = calls[i];
            var parameters = CallParameters.Of(tool, call.Request, _journal.KeyedHash);
            contexts[i] = new(tool, call.Request, parameters.Element, call.Caller, call.IncidentId, now) { Place = i };
            intents[i] = IntentOf(tool.Name, call.Caller, call.IncidentId, parameters, now);
            receipts[i] = ReceiptOf(intents[i]);
        }

        return _journal.Begin(intents);
    }

    /// <summary>Judges and acts. Judgements are null where the call was cancelled before; results are null for what was not permitted.</summary>
    private async Task<(Judgement[]? Judgements, ToolResult?[] Results, StoreException? Fault)> PermitAsync<TRequest>(
        Entry entry, Tool<TRequest> tool, IReadOnlyList<Call<TRequest>> calls, GuardContext[] contexts, IReadOnlyList<long> intents, CancellationToken cancellationToken)
        where TRequest : class
    {
        var results = new ToolResult?[calls.Count];
        Judgement[] judgements;
        Task<IReadOnlyList<ToolResult>> effect;
        var permits = new List<Permit<TRequest>>(calls.Count);
        try
        {
            // Two calls that count the same free place under a cap would both pass: the next is judged when this one's is stored.
            await entry.One.WaitAsync(cancellationToken);
            try
            {
                judgements = await _pipeline.JudgeAsync(entry.Guards, contexts);
                cancellationToken.ThrowIfCancellationRequested();
                for (var i = 0; i < contexts.Length; i++)
                {
                    if (judgements[i].Verdict == Verdict.Allow)
                    {
                        permits.Add(Press<TRequest>.Make(this, intents[i], calls[i].Request));
                    }
                }

                effect = permits.Count == 0 ? Task.FromResult<IReadOnlyList<ToolResult>>([]) : Start(tool, permits, cancellationToken);
            }
            finally
            {
                entry.One.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (null, results, null);
        }

        StoreException? fault = null;
        IReadOnlyList<ToolResult> done;
        try
        {
            done = await effect;
        }
        catch (Exception e)
        {
            fault = e as StoreException;
            done = [];
            Fill(results, judgements, _ => new(false, e is OperationCanceledException ? "It was cancelled under way; how far it got is not known." : $"It failed: {e.Message}"));
        }

        if (done.Count == permits.Count)
        {
            Fill(results, judgements, i => done[i]);
        }
        else if (done.Count > 0)
        {
            Fill(results, judgements, static _ => new(false, "The tool did not say what came of it."));
        }

        return (judgements, results, fault);
    }

    /// <summary>A fault before the first await is one like any other.</summary>
    private static Task<IReadOnlyList<ToolResult>> Start<TRequest>(Tool<TRequest> tool, IReadOnlyList<Permit<TRequest>> permits, CancellationToken cancellationToken)
        where TRequest : class
    {
        try
        {
            return tool.RunAsync(permits, cancellationToken);
        }
        catch (Exception e)
        {
            return Task.FromException<IReadOnlyList<ToolResult>>(e);
        }
    }

    private static void Fill(ToolResult?[] results, Judgement[] judgements, Func<int, ToolResult> result)
    {
        var permit = 0;
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = judgements[i].Verdict == Verdict.Allow ? result(permit++) : null;
        }
    }

    private static CallAnswer Answer(long intent, Judgement? judgement, ToolResult? result, StoreException? fault) => judgement switch
    {
        null => new() { Intent = intent, Decision = Decision.Cancelled, Reason = Own + ".cancelled", Text = "It was given up before anything was done." },
        { Verdict: Verdict.Deny } => new() { Intent = intent, Decision = Decision.Deny, Reason = judgement.Reason, Text = judgement.Text },
        { Verdict: Verdict.PendingApproval } => new() { Intent = intent, Decision = Decision.Incomplete, Waits = true, Reason = judgement.Reason, Text = judgement.Text },
        _ => new() { Intent = intent, Decision = result!.Succeeded ? Decision.Allow : Decision.Incomplete, Text = result.Text, Result = result, Fault = fault },
    };

    private CallAnswer[] Close(Receipt[] receipts, CallAnswer[] answers)
    {
        try
        {
            _journal.End(receipts);
            return answers;
        }
        catch (Exception e)
        {
            return [.. answers.Select(a => a with
            {
                Decision = a.Result is null ? a.Decision : Decision.Incomplete,
                Text = $"{a.Text} The receipt could not be stored: {e.Message}",
                Fault = a.Fault ?? e as StoreException,
            })];
        }
    }

    /// <summary>A call that came to nothing by its form is recorded like any other.</summary>
    private CallAnswer Record(string tool, ToolSchema? schema, JsonElement parameters, Caller caller, string code, string text)
    {
        var answer = new CallAnswer { Decision = Decision.Deny, Reason = (schema is null ? Own : "schema") + "." + code, Text = text };
        try
        {
            var intent = IntentOf(tool, caller, null, CallParameters.Invalid(schema, parameters, _journal.KeyedHash), _time.GetUtcNow());
            answer = answer with { Intent = _journal.Begin([intent])[0] };
            var receipt = ReceiptOf(intent) with { Intent = answer.Intent.Value, Decision = Decision.Deny, Reason = answer.Reason, Text = text };
            return Close([receipt], [answer])[0];
        }
        catch (StoreException e)
        {
            return answer with { Fault = e };
        }
    }

    private Intent IntentOf(string tool, Caller caller, long? incidentId, CallParameters parameters, DateTimeOffset now) => new()
    {
        At = now,
        Tool = tool,
        Caller = caller,
        IncidentId = incidentId,
        Parameters = parameters.Shown,
        ParametersHash = parameters.Hash,
        PolicyHash = _policyHash,
    };

    private static Receipt ReceiptOf(Intent intent) => new()
    {
        Intent = 0,
        At = intent.At,
        Tool = intent.Tool,
        Caller = intent.Caller,
        IncidentId = intent.IncidentId,
        Parameters = intent.Parameters,
        ParametersHash = intent.ParametersHash,
        PolicyHash = intent.PolicyHash,
        Decision = Decision.Deny,
    };

    private sealed class Entry(Tool tool, IGuard[] guards)
    {
        public Tool Tool { get; } = tool;
        public IGuard[] Guards { get; } = guards;
        public SemaphoreSlim One { get; } = new(1);
    }

    /// <summary>Where permits are made, and nowhere else.</summary>
    private sealed class Press<TRequest> : Permit<TRequest>.Issuer
        where TRequest : class
    {
        public static Permit<TRequest> Make(Gateway gateway, long intent, TRequest request) => Issue(gateway, intent, request);
    }
}
