using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Service;

/// <summary>
/// Everything that the program's own code can change, each asked of the gateway. Service, page and commands act through this
/// and nothing else.
/// </summary>
/// <param name="held">Told of what mode auto leaves to a person.</param>
internal sealed class Effects(Gateway gateway, EffectTools tools, TimeProvider time, Action<BlockEvent> held)
{
    /// <summary>One answer per request, in order; all that is permitted is written together.</summary>
    /// <exception cref="Store.StoreException">Intent, effect or receipt could not be stored; what was begun is reconciled later.</exception>
    public async Task<IReadOnlyList<BlockAnswer>> BlockAsync(IReadOnlyList<BlockRequest> requests, CancellationToken cancellationToken)
    {
        var answers = await gateway.CallManyAsync(tools.Block, [.. requests.Select(static r => new Call<BlockRequest>(r, CallerOf(r), r.IncidentId))], cancellationToken);
        return [.. answers.Select((answer, i) => Answer(requests[i], answer.OrThrow()))];
    }

    /// <summary>Ends blocks. One outcome per block, in order: null and why not, where a guard denies it.</summary>
    /// <exception cref="Store.StoreException">As above.</exception>
    public async Task<IReadOnlyList<(LiftOutcome? Outcome, string Text)>> UnblockAsync(IReadOnlyList<long> blocks, Caller caller, CancellationToken cancellationToken)
    {
        var requests = blocks.Select(id => new UnblockRequest(id, caller.By, caller.Origin));
        var answers = await gateway.CallManyAsync(tools.Unblock, [.. requests.Select(r => new Call<UnblockRequest>(r, caller, tools.Unblock.IncidentOf(r)))], cancellationToken);
        return [.. answers.Select(static a => (a.OrThrow().Result?.Value as LiftOutcome, a.Text))];
    }

    /// <summary>One outcome per decision, in order; one that is refused doesn't stop the others. Never throws for the store.</summary>
    public async Task<IReadOnlyList<DeskOutcome>> DecideAsync(IReadOnlyList<IncidentDecision> decisions, Caller caller, CancellationToken cancellationToken)
    {
        var answers = await gateway.CallManyAsync(tools.Decide, [.. decisions.Select(d => new Call<IncidentDecision>(d, caller, d.Id))], cancellationToken);
        return [.. answers.Select((answer, i) =>
            answer is { Fault: null, Result.Value: DeskOutcome outcome } ? outcome
            : answer.Fault is not null ? DeskOutcome.Unavailable(decisions[i].Id, answer.Text)
            : DeskOutcome.Denied(decisions[i].Id, answer.Text))];
    }

    /// <exception cref="Store.StoreException">As above.</exception>
    public async Task<AllowlistOutcome> AllowAsync(AllowRequest request, Caller caller, CancellationToken cancellationToken)
    {
        var answer = (await gateway.CallAsync(tools.Allow, request, caller, null, cancellationToken)).OrThrow();
        return answer.Result?.Value as AllowlistOutcome ?? new(AllowlistResult.Refused, answer.Text, null);
    }

    /// <inheritdoc cref="AllowAsync"/>
    public async Task<IReadOnlyList<AllowlistOutcome>> DisallowAsync(IReadOnlyList<DisallowRequest> requests, Caller caller, CancellationToken cancellationToken)
    {
        var answers = await gateway.CallManyAsync(tools.Disallow, [.. requests.Select(r => new Call<DisallowRequest>(r, caller, null))], cancellationToken);
        return [.. answers.Select(static a => a.OrThrow().Result?.Value as AllowlistOutcome ?? new(AllowlistResult.Refused, a.Text, null))];
    }

    /// <inheritdoc cref="AllowAsync"/>
    public async Task<AllowlistImport> ImportAsync(AllowImportRequest request, Caller caller, CancellationToken cancellationToken)
    {
        var answer = (await gateway.CallAsync(tools.Import, request, caller, null, cancellationToken)).OrThrow();
        return answer.Result?.Value as AllowlistImport ?? new(0, 0, 0, [new(0, answer.Text)]);
    }

    /// <summary>Null: done; else why not.</summary>
    /// <exception cref="Store.StoreException">As above.</exception>
    public async Task<string?> SetModeAsync(Mode mode, Caller caller, CancellationToken cancellationToken)
    {
        var answer = (await gateway.CallAsync(tools.SetMode, new(mode), caller, null, cancellationToken)).OrThrow();
        return answer.Result is { Succeeded: true } ? null : answer.Text;
    }

    /// <summary>How many baselines are gone; null and why not.</summary>
    /// <param name="agent">Null: everybody's.</param>
    /// <exception cref="Store.StoreException">As above.</exception>
    public async Task<(int? Forgotten, string Text)> ResetBehaviourAsync(string? agent, Caller caller, CancellationToken cancellationToken)
    {
        var answer = (await gateway.CallAsync(tools.ResetBehaviour, new(agent), caller, null, cancellationToken)).OrThrow();
        return (answer.Result is { Succeeded: true, Value: int gone } ? gone : null, answer.Text);
    }

    /// <summary>What nobody looked at is the service's own; a person's approval makes it that person's.</summary>
    private static Caller CallerOf(BlockRequest request) => request.Mode == Mode.Auto ? Caller.Service : Caller.Person(request.By, request.Origin);

    private BlockAnswer Answer(BlockRequest request, CallAnswer answer)
    {
        if (answer.Result is null)
        {
            if (answer.Waits)
            {
                held(new(BlockEventKind.Held, time.GetUtcNow(), $"{request.Range} waits for a person: {answer.Text}"));
            }

            return new() { Request = request, Verdict = answer.Waits ? BlockVerdict.Held : BlockVerdict.Denied, Refusal = answer.Code, Text = answer.Text };
        }

        var block = answer.Result.Value as Block;
        return new()
        {
            Request = request,
            Block = block,
            Text = answer.Text,
            Verdict = block?.Status switch
            {
                BlockStatus.Active => BlockVerdict.Active,
                BlockStatus.Unconfirmed => BlockVerdict.Unconfirmed,
                BlockStatus.Pending => BlockVerdict.Held,
                _ => BlockVerdict.Failed,
            },
        };
    }
}

/// <summary>The tools by their types, for code that has typed requests.</summary>
internal sealed record EffectTools(
    BlockClientTool Block, UnblockTool Unblock, DecideIncidentTool Decide, AllowAddressTool Allow, RemoveAllowlistEntryTool Disallow, ImportAllowlistTool Import, SetModeTool SetMode,
    ResetBehaviourTool ResetBehaviour)
{
    public IReadOnlyList<Tool> All => [Block, Unblock, Decide, Allow, Disallow, Import, SetMode, ResetBehaviour];
}
