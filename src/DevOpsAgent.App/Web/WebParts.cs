using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Web;

/// <summary>What the web host is made of.</summary>
internal sealed record WebParts(IStore Store, IOperatorActions Actions, IAgentStatus Status, BlockingConfig Blocking, TimeProvider Time)
{
    public IReceiptStore Receipts { get; init; } = new MemoryReceiptStore();

    /// <summary>To check signatures with; null: they are shown unchecked.</summary>
    public KeyRing? Keys { get; init; }
    public BehaviourConfig Behaviour { get; init; } = new();
}

/// <summary>
/// What a person can do from the page: the seam between HTTP and the agent. Each call is idempotent and safe in a race;
/// a refusal is an outcome, not an exception. A fault of the database throws <see cref="StoreException"/>.
/// </summary>
internal interface IOperatorActions
{
    /// <summary>One outcome per incident, in order. An undo takes back the last approval or rejection: lifts its blocks, and the incident waits for a decision again.</summary>
    Task<IReadOnlyList<ActionOutcome>> DecideAsync(IReadOnlyList<IncidentDecision> decisions, CancellationToken cancellationToken);

    Task<ActionOutcome> BlockAsync(AddressRange range, TimeSpan ttl, string reason, string by, string origin, CancellationToken cancellationToken);
    Task<ActionOutcome> UnblockAsync(long block, string by, string origin, CancellationToken cancellationToken);

    /// <summary>The content of the target for the live blocks, exactly as it is or would be written; empty for none.</summary>
    string ExportBlocks();

    /// <summary>Adds an entry, or brings the one with this value up to date. What it covers is unblocked at once.</summary>
    Task<ActionOutcome> AllowAsync(string value, string description, DateTimeOffset? expiresAt, string by, string origin, CancellationToken cancellationToken);

    /// <summary>Changes an entry; another value replaces the old one.</summary>
    Task<ActionOutcome> ChangeAllowedAsync(long entry, string value, string description, DateTimeOffset? expiresAt, string by, string origin, CancellationToken cancellationToken);
    Task<ActionOutcome> DisallowAsync(long entry, string by, string origin, CancellationToken cancellationToken);

    /// <summary>Takes the rows that are fine and names those that are not.</summary>
    Task<AllowlistImport> ImportAllowedAsync(string csv, string by, string origin, CancellationToken cancellationToken);

    /// <summary>The tools with their guards and what each did lately.</summary>
    IReadOnlyList<ToolReport> Tools();

    /// <summary>The entry that covers the address now, if any.</summary>
    AllowlistEntry? FindAllowed(ClientAddress address);
}

internal enum OutcomeKind
{
    Done,

    /// <summary>It stood so before: nothing changed.</summary>
    Already,

    /// <summary>Somebody was faster, or the state doesn't permit it.</summary>
    Conflict,

    /// <summary>A rule of the agent forbids it: allowlisted, not public, our own, a cap.</summary>
    Refused,
    NotFound,

    /// <summary>It was tried and the target or store failed.</summary>
    Failed,
}

/// <param name="Message">One sentence: what happened, or why not and what to do.</param>
/// <param name="Undo">The command that takes it back; null where nothing is to be undone.</param>
/// <param name="Id">Of the new or changed block or entry, where one is.</param>
internal sealed record ActionOutcome(OutcomeKind Kind, string Message, string? Undo = null, long? Id = null)
{
    public bool Succeeded => Kind is OutcomeKind.Done or OutcomeKind.Already;
}
