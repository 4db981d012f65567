using DevOpsAgent.Configuration;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Web;

/// <summary>
/// Carries out what a person decides in the page, all of it through the gateway. Decisions about incidents are moves in the
/// store, which the service applies as it applies those of any other process.
/// </summary>
internal sealed class DeskActions(AgentParts parts, TimeProvider time) : IOperatorActions
{
    private readonly IStore _store = parts.Store;
    private readonly Effects _effects = parts.Effects;

    public async Task<IReadOnlyList<ActionOutcome>> DecideAsync(IReadOnlyList<IncidentDecision> decisions, CancellationToken cancellationToken) =>
        [.. (await _effects.DecideAsync(decisions, Caller.Person(decisions[0].By, decisions[0].Origin), cancellationToken)).Select(Of)];

    public async Task<ActionOutcome> BlockAsync(AddressRange range, TimeSpan ttl, string reason, string by, string origin, CancellationToken cancellationToken)
    {
        if (_store.GetLiveBlocks().FirstOrDefault(b => b.Range.Contains(range)) is { } there)
        {
            return new(OutcomeKind.Already, $"{range} is denied by block {there.Id} until {there.ExpiresAt:u}.", BlockAction.Undo(there), there.Id);
        }

        var answer = (await _effects.BlockAsync([new() { Range = range, Reason = reason, Ttl = ttl, By = by, Origin = origin, Mode = Mode.Review }], cancellationToken))[0];
        return answer.Verdict switch
        {
            BlockVerdict.Active or BlockVerdict.Unconfirmed => new(OutcomeKind.Done, $"{range} is denied. {answer.Text}", BlockAction.Undo(answer.Block!), answer.Block!.Id),
            BlockVerdict.Failed => new(OutcomeKind.Failed, answer.Text),
            _ => new(OutcomeKind.Refused, answer.Text),
        };
    }

    public async Task<ActionOutcome> UnblockAsync(long block, string by, string origin, CancellationToken cancellationToken)
    {
        if (_store.GetBlock(block) is not { } known)
        {
            return new(OutcomeKind.NotFound, $"There is no block {block}.");
        }

        var (outcome, text) = (await _effects.UnblockAsync([block], Caller.Person(by, origin), cancellationToken))[0];
        return outcome switch
        {
            null => new(OutcomeKind.Refused, text),
            { Lifted: false } => new(OutcomeKind.Already, $"{known.Range} is not denied by block {block} any more.", null, block),
            { Written: { Outcome: TargetOutcome.Failed } failed } => new(OutcomeKind.Failed, $"The lift is stored and tried again by itself; now it failed: {failed.Detail}"),
            _ => new(OutcomeKind.Done, $"{known.Range} is open again. {outcome.Written?.Detail}", BlockAction.UndoLift(known, time.GetUtcNow()), block),
        };
    }

    public string ExportBlocks() => parts.Blocker.Export();

    public Task<ActionOutcome> AllowAsync(string value, string description, DateTimeOffset? expiresAt, string by, string origin, CancellationToken cancellationToken) =>
        AllowAsync(new(value, description, expiresAt), by, origin, cancellationToken);

    public Task<ActionOutcome> ChangeAllowedAsync(long entry, string value, string description, DateTimeOffset? expiresAt, string by, string origin, CancellationToken cancellationToken) =>
        AllowAsync(new(value, description, expiresAt) { Replaces = entry }, by, origin, cancellationToken);

    public async Task<ActionOutcome> DisallowAsync(long entry, string by, string origin, CancellationToken cancellationToken)
    {
        var outcome = (await _effects.DisallowAsync([new(entry, null)], Caller.Person(by, origin), cancellationToken))[0];
        parts.Allowlist.Load(_store.GetAllowlist());
        return Of(outcome, "");
    }

    public async Task<AllowlistImport> ImportAllowedAsync(string csv, string by, string origin, CancellationToken cancellationToken)
    {
        var import = await _effects.ImportAsync(new(csv, Partial: true, Force: false), Caller.Person(by, origin), cancellationToken);
        if (import.Added + import.Changed > 0)
        {
            await Spread(by, origin, cancellationToken);
        }

        return import;
    }

    public IReadOnlyList<ToolReport> Tools() => ToolReport.Of(parts.Gateway, parts.Receipts);

    public AllowlistEntry? FindAllowed(ClientAddress address)
    {
        parts.Allowlist.Load(_store.GetAllowlist());
        return parts.Allowlist.IsAllowed(address, time.GetUtcNow(), out var entry) ? entry : null;
    }

    private async Task<ActionOutcome> AllowAsync(AllowRequest request, string by, string origin, CancellationToken cancellationToken)
    {
        var outcome = await _effects.AllowAsync(request, Caller.Person(by, origin), cancellationToken);
        return Of(outcome, outcome.Succeeded ? await Spread(by, origin, cancellationToken) : "");
    }

    /// <summary>Lets a changed allowlist act: on names, on incidents, and on the target. Says what it changed.</summary>
    private async Task<string> Spread(string by, string origin, CancellationToken cancellationToken)
    {
        parts.Allowlist.Load(_store.GetAllowlist());
        await parts.Allowlist.RefreshNamesAsync(_store, all: false, cancellationToken);
        var allowed = parts.Incidents.Allow(parts.Allowlist, by, origin);

        // Writes are collected for up to two seconds: the person is not made to wait for the file. A fault is tried again by the blocker.
        var sync = parts.Blocker.SyncAsync();
        _ = sync.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await Task.WhenAny(sync, Task.Delay(TimeSpan.FromMilliseconds(250), time, cancellationToken));
        return allowed.Count == 0 ? "" : $" {allowed.Count} {(allowed.Count == 1 ? "incident is" : "incidents are")} allowlisted by it.";
    }

    private static ActionOutcome Of(DeskOutcome outcome)
    {
        if (outcome.Result == DeskResult.Unavailable)
        {
            throw new StoreException(outcome.Message, StoreFault.Unavailable);
        }

        var kind = outcome.Result switch
        {
            DeskResult.Done => OutcomeKind.Done,
            DeskResult.AlreadyDone => OutcomeKind.Already,
            DeskResult.NotFound => OutcomeKind.NotFound,
            DeskResult.Denied => OutcomeKind.Refused,
            _ => OutcomeKind.Conflict,
        };
        return new(kind, outcome.Message, null, outcome.Id);
    }

    private static ActionOutcome Of(AllowlistOutcome outcome, string more) => new(
        outcome.Result switch
        {
            AllowlistResult.Added or AllowlistResult.Changed or AllowlistResult.Removed => OutcomeKind.Done,
            AllowlistResult.AlreadyThere => OutcomeKind.Already,
            AllowlistResult.NotFound => OutcomeKind.NotFound,
            _ => OutcomeKind.Refused,
        },
        outcome.Message + more,
        outcome is { Result: AllowlistResult.Added, Entry: { } entry } ? $"devops-agent allowlist remove {entry.Value}" : null,
        outcome.Entry?.Id);
}
