using DevOpsAgent.Addresses;
using DevOpsAgent.Agent;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Store;

/// <summary>
/// The Store keeps what must survive: incidents with their history, blocks, actions, the allowlist, checkpoints of the
/// logs and the detector's state. One suite of tests runs on each implementation. Every method is atomic and safe to
/// call from several threads and processes; a fault of the database throws <see cref="StoreException"/>.
/// </summary>
internal interface IStore : IDisposable
{
    // Incidents
    Incident? GetIncident(long id);

    /// <summary>The one incident of this subject and threat that is not closed (open, recommended, approved, blocked, failed), if any.</summary>
    Incident? FindOpenIncident(string subject, string threat);

    IncidentPage ListIncidents(IncidentQuery query);

    IReadOnlyList<StatusChange> GetHistory(long incidentId);

    /// <summary>
    /// Moves an incident from one of <paramref name="from"/> to another status and appends to its history, in one transaction.
    /// False: it was not in one of these statuses (somebody was faster); nothing changed. <paramref name="update"/> may change other fields with it; where it
    /// gives null the incident is not as it must be, and nothing changed either.
    /// </summary>
    bool TryTransition(long id, IReadOnlyCollection<IncidentStatus> from, StatusChange change, Func<Incident, Incident?>? update, out Incident? current);

    /// <summary>As <see cref="TryTransition"/>, and lifts the incident's live blocks with it: one transaction where the store can.</summary>
    bool TryTransitionAndLift(long id, IReadOnlyCollection<IncidentStatus> from, StatusChange change, Func<Incident, Incident?>? update, out Incident? current)
    {
        if (!TryTransition(id, from, change, update, out current))
        {
            return false;
        }

        foreach (var block in GetLiveBlocks().Where(b => b.IncidentId == id))
        {
            UpdateBlock(block.Id, BlockStatus.Lifted, change.Note, change.At);
        }

        return true;
    }

    /// <summary>
    /// One transaction of the log pipeline: new and changed incidents (Id 0 = new; matched by Version, a stale one is re-read and
    /// merged by <see cref="PipelineCommit.Merge"/>), checkpoints and detector state. After a kill either all of it is there or none.
    /// Returns the stored incidents in the same order.
    /// </summary>
    IReadOnlyList<Incident> Commit(PipelineCommit commit);

    // Checkpoints and detector state

    /// <summary>One per source and file, newest first.</summary>
    IReadOnlyList<LogCheckpoint> GetCheckpoints();
    IEnumerable<ClientStateRow> GetClientStates();

    // Blocks: the intent is stored before the effect
    long AddBlock(Block block);

    /// <summary>Each block with the action that intends it: one transaction where the store can. Returns the blocks' ids.</summary>
    IReadOnlyList<long> AddBlocks(IReadOnlyList<(ActionRecord Intent, Block Block)> blocks)
    {
        var ids = new List<long>(blocks.Count);
        foreach (var (intent, block) in blocks)
        {
            // The action comes first: a crash between the two leaves an intent without a block, which reconciling closes as failed.
            var action = AddAction(intent);
            try
            {
                ids.Add(AddBlock(block));
            }
            catch (StoreException e)
            {
                CompleteAction(action, block.CreatedAt, $"failed: {e.Message}", undo: null);
                throw;
            }
        }

        return ids;
    }

    void UpdateBlock(long id, BlockStatus status, string? result, DateTimeOffset at, DateTimeOffset? expiresAt = null);
    Block? GetBlock(long id);

    /// <summary>Pending, active and unconfirmed blocks, whatever their expiry.</summary>
    IReadOnlyList<Block> GetLiveBlocks();

    /// <summary>Newest first.</summary>
    IReadOnlyList<Block> ListBlocks(bool liveOnly, int limit, int offset, out int total);

    /// <summary>How many blocks of exactly this range were created since: for repeat offenders.</summary>
    int CountOffences(AddressRange range, DateTimeOffset since);

    int CountBlocksSince(DateTimeOffset since);

    // Actions: each attempted change, its mode, approver, result and undo (the PRD's table)
    long AddAction(ActionRecord action);
    void CompleteAction(long id, DateTimeOffset appliedAt, string result, string? undo);
    IReadOnlyList<ActionRecord> GetActions(long? incidentId, bool openOnly, int limit);

    // Allowlist
    /// <summary>Returns the id; where an entry of this value exists already, its id, and nothing is changed.</summary>
    long AddAllowlistEntry(AllowlistEntry entry);
    bool RemoveAllowlistEntry(long id);
    void UpdateAllowlistEntry(AllowlistEntry entry);
    IReadOnlyList<AllowlistEntry> GetAllowlist();

    /// <summary>Adds those with Id 0 and updates the others: one transaction where the store can.</summary>
    void SaveAllowlist(IReadOnlyList<AllowlistEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (entry.Id == 0)
            {
                AddAllowlistEntry(entry);
            }
            else
            {
                UpdateAllowlistEntry(entry);
            }
        }
    }

    /// <summary>What is usual for each agent.</summary>
    IBehaviourStore Behaviour { get; }

    /// <summary>What the language model was asked and said.</summary>
    IInvestigationStore Investigations { get; }

    // Small named values: mode set at run time, ...
    string? GetSetting(string name);
    void SetSetting(string name, string? value);

    /// <summary>Changes whenever any process changes the database: cheap to poll.</summary>
    long ChangeMark();

    /// <summary>Deletes closed incidents, their history and ended blocks older than the cut; returns how many incidents went.</summary>
    int Prune(DateTimeOffset olderThan);
}

internal sealed record IncidentQuery
{
    public IReadOnlyCollection<IncidentStatus>? Statuses { get; init; }
    public Severity? MinSeverity { get; init; }
    public string? Threat { get; init; }

    /// <summary>Case-insensitive, contained in subject, clients, threat, summary or top paths.</summary>
    public string? Search { get; init; }

    /// <summary>Not changed since.</summary>
    public DateTimeOffset? UpdatedBefore { get; init; }

    /// <summary>An address inside one of the incident's clients.</summary>
    public ClientAddress? Client { get; init; }

    /// <summary>True: Evidence is left empty, which makes long listings several times faster.</summary>
    public bool WithoutEvidence { get; init; }

    public int Limit { get; init; } = 50;
    public int Offset { get; init; }

    /// <summary>Newest change first unless true: highest severity first, then newest.</summary>
    public bool BySeverity { get; init; }
}

internal sealed record IncidentPage(IReadOnlyList<Incident> Items, int Total);

internal sealed record PipelineCommit
{
    public IReadOnlyList<IncidentChange> Incidents { get; init; } = [];
    public IReadOnlyList<LogCheckpoint> Checkpoints { get; init; } = [];
    public IReadOnlyList<ClientStateRow> ClientStates { get; init; } = [];
    public IReadOnlyList<ClientAddress> ForgottenClients { get; init; } = [];

    /// <summary>
    /// Called inside the transaction when a person changed the stored incident meanwhile: (stored, ours) to what is written.
    /// Id 0 where the stored one is closed: ours is a new incident.
    /// </summary>
    public Func<Incident, Incident, Incident> Merge { get; init; } = static (stored, ours) =>
        ours with { Status = stored.Status, Recommendation = stored.Recommendation ?? ours.Recommendation };
}

/// <summary>An incident to insert or update, and the status change to append, if any (IncidentId is filled in by the store).</summary>
internal sealed record IncidentChange(Incident Incident, StatusChange? Change);

internal sealed record ActionRecord
{
    public long Id { get; init; }
    public long? IncidentId { get; init; }

    /// <summary>"block", "unblock", "allow".</summary>
    public required string ActionType { get; init; }

    public required Mode Mode { get; init; }
    public required DateTimeOffset IntendedAt { get; init; }
    public DateTimeOffset? AppliedAt { get; init; }
    public required string ApprovedBy { get; init; }
    public required string Origin { get; init; }

    /// <summary>What it is about: ranges, TTL, target.</summary>
    public required string Subject { get; init; }

    /// <summary>Null while open: an intent without a result, to be reconciled.</summary>
    public string? Result { get; init; }

    /// <summary>The command that undoes it: "devops-agent blocks remove 12".</summary>
    public string? Undo { get; init; }
}

/// <summary>The database can't do it: full, locked, read-only, corrupted, or newer than this program. Message says which and what to do.</summary>
internal sealed class StoreException(string message, StoreFault fault, Exception? inner = null) : Exception(message, inner)
{
    public StoreFault Fault { get; } = fault;
}

internal enum StoreFault
{
    Unavailable,
    Full,
    ReadOnly,
    Corrupt,
    Newer,
    InUse,
}
