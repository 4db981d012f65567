using DevOpsAgent.Configuration;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Web;

/// <summary>
/// Carries out what a person decides in the page. Decisions about incidents are moves in the store, which the service
/// applies as it applies those of any other process; blocks by hand and lifts go through the blocker and so through its gate.
/// </summary>
internal sealed class DeskActions(IStore store, IncidentDesk desk, AllowlistDesk entries, Allowlist allowlist, Blocker blocker, Func<Mode> mode, TimeProvider time) : IOperatorActions
{
    public Task<ActionOutcome> ApproveAsync(long incident, long? version, string by, string origin, string? note, CancellationToken cancellationToken) =>
        Task.FromResult(mode() == Mode.Disabled
            ? new ActionOutcome(OutcomeKind.Refused, "Mode disabled records only: switch to review or auto first.", null, incident)
            : Of(desk.Approve(incident, by, origin, note: note, seen: version)));

    public Task<ActionOutcome> RejectAsync(long incident, string by, string origin, string? note, CancellationToken cancellationToken) =>
        Task.FromResult(Of(desk.Reject(incident, by, origin, note)));

    public Task<ActionOutcome> UndoAsync(long incident, string by, string origin, CancellationToken cancellationToken) =>
        Task.FromResult(Of(desk.Undo(incident, by, origin)));

    public async Task<ActionOutcome> BlockAsync(AddressRange range, TimeSpan ttl, string reason, string by, string origin, CancellationToken cancellationToken)
    {
        if (store.GetLiveBlocks().FirstOrDefault(b => b.Range.Contains(range)) is { } there)
        {
            return new(OutcomeKind.Already, $"{range} is denied by block {there.Id} until {there.ExpiresAt:u}.", BlockAction.Undo(there), there.Id);
        }

        var answer = (await blocker.BlockAsync([new() { Range = range, Reason = reason, Ttl = ttl, By = by, Origin = origin, Mode = mode() == Mode.Disabled ? Mode.Disabled : Mode.Review }]))[0];
        return answer.Verdict switch
        {
            BlockVerdict.Active or BlockVerdict.Unconfirmed => new(OutcomeKind.Done, $"{range} is denied. {answer.Text}", BlockAction.Undo(answer.Block!), answer.Block!.Id),
            BlockVerdict.Failed => new(OutcomeKind.Failed, answer.Text),
            _ => new(OutcomeKind.Refused, answer.Text),
        };
    }

    public async Task<ActionOutcome> UnblockAsync(long block, string by, string origin, CancellationToken cancellationToken)
    {
        if (store.GetBlock(block) is not { } known)
        {
            return new(OutcomeKind.NotFound, $"There is no block {block}.");
        }

        return await blocker.LiftAsync(block, by, origin) switch
        {
            null => new(OutcomeKind.Already, $"{known.Range} is not denied by block {block} any more.", null, block),
            { Outcome: TargetOutcome.Failed } failed => new(OutcomeKind.Failed, $"The lift is stored and tried again by itself; now it failed: {failed.Detail}"),
            var result => new(OutcomeKind.Done, $"{known.Range} is open again. {result.Detail}", BlockAction.UndoLift(known, time.GetUtcNow()), block),
        };
    }

    public string ExportBlocks() => blocker.Export();

    public async Task<ActionOutcome> AllowAsync(string value, string description, DateTimeOffset? expiresAt, string by, string origin, CancellationToken cancellationToken)
    {
        var outcome = entries.Add(value, description, expiresAt);
        return outcome.Succeeded ? Of(outcome, await Spread(by, origin, cancellationToken)) : Of(outcome, "");
    }

    public async Task<ActionOutcome> ChangeAllowedAsync(long entry, string value, string description, DateTimeOffset? expiresAt, string by, string origin, CancellationToken cancellationToken)
    {
        if (store.GetAllowlist().FirstOrDefault(e => e.Id == entry) is not { } known)
        {
            return new(OutcomeKind.NotFound, $"There is no allowlist entry {entry}.");
        }

        // The new value stands before the old one goes: at no moment is a client that both cover open to a block.
        var outcome = entries.Add(value, description, expiresAt);
        if (outcome.Succeeded && outcome.Entry!.Value != known.Value)
        {
            entries.Remove(entry);
        }

        return outcome.Succeeded ? Of(outcome, await Spread(by, origin, cancellationToken)) : Of(outcome, "");
    }

    public Task<ActionOutcome> DisallowAsync(long entry, string by, string origin, CancellationToken cancellationToken)
    {
        var outcome = entries.Remove(entry);
        allowlist.Load(store.GetAllowlist());
        return Task.FromResult(Of(outcome, ""));
    }

    public async Task<AllowlistImport> ImportAllowedAsync(string csv, string by, string origin, CancellationToken cancellationToken)
    {
        var import = entries.Import(csv, partial: true);
        if (import.Added + import.Changed > 0)
        {
            await Spread(by, origin, cancellationToken);
        }

        return import;
    }

    public AllowlistEntry? FindAllowed(ClientAddress address)
    {
        allowlist.Load(store.GetAllowlist());
        return allowlist.IsAllowed(address, time.GetUtcNow(), out var entry) ? entry : null;
    }

    /// <summary>Lets a changed allowlist act: on names, on incidents, and on the target. Says what it changed.</summary>
    private async Task<string> Spread(string by, string origin, CancellationToken cancellationToken)
    {
        allowlist.Load(store.GetAllowlist());
        await allowlist.RefreshNamesAsync(store, all: false, cancellationToken);
        var allowed = desk.Allow(allowlist, by, origin);

        // Writes are collected for up to two seconds: the person is not made to wait for the file. A fault is tried again by the blocker.
        var sync = blocker.SyncAsync();
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
