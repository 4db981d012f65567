using System.Text.Json;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;

namespace DevOpsAgent.App.Views;

/// <summary>One judged call, or one that stands open (an intent without a receipt); also checkpoints, where one is asked for by number.</summary>
internal sealed record ReceiptView
{
    public required long Seq { get; init; }
    public required string Id { get; init; }

    /// <summary>"intent", "receipt", "checkpoint".</summary>
    public required string Kind { get; init; }
    public DateTimeOffset? At { get; init; }
    public string? Tool { get; init; }
    public string? Agent { get; init; }
    public string? By { get; init; }
    public string? Origin { get; init; }
    public long? IncidentId { get; init; }

    /// <summary>"allow", "deny", "cancelled", "incomplete", "open"; null for a checkpoint; "unreadable" where the body was changed.</summary>
    public string? Decision { get; init; }

    /// <summary>The guard and check that decided, as "target_safety.not_public".</summary>
    public string Reason { get; init; } = "";
    public string Text { get; init; } = "";

    /// <summary>The seq of the intent that a receipt closes.</summary>
    public long? Intent { get; init; }

    /// <summary>Secrets are shown as "***".</summary>
    public JsonElement? Parameters { get; init; }
    public string? ParametersHash { get; init; }
    public string? PolicyHash { get; init; }
    public IReadOnlyList<ReceiptEvidenceView> Evidence { get; init; } = [];
    public IReadOnlyList<ReceiptSignalView> Signals { get; init; } = [];
    public required bool Signed { get; init; }

    public static ReceiptView Of(ChainEntry entry)
    {
        var view = new ReceiptView { Seq = entry.Seq, Id = entry.Id, Kind = EntryNames.Of(entry.Kind), Signed = entry.Signature is not null };
        return !EntryReader.TryRead(entry.Body, out var body) ? view with { Decision = "unreadable", Text = "What is stored here is no receipt: run 'devops-agent receipts verify'." }
            : body.Receipt is { } receipt ? view.With(receipt)
            : body.Intent is { } intent ? view.With(intent)
            : view with { At = body.At };
    }

    private ReceiptView With(Receipt receipt) => this with
    {
        At = receipt.At,
        Tool = receipt.Tool,
        Agent = receipt.Caller.Agent,
        By = receipt.Caller.By,
        Origin = receipt.Caller.Origin,
        IncidentId = receipt.IncidentId,
        Decision = EntryNames.Of(receipt.Decision),
        Reason = receipt.Reason,
        Text = receipt.Text,
        Intent = receipt.Intent,
        Parameters = Json(receipt.Parameters),
        ParametersHash = receipt.ParametersHash,
        PolicyHash = receipt.PolicyHash,
        Evidence = [.. receipt.Evidence.Select(static e => new ReceiptEvidenceView(e.Guard, e.Name, e.Value))],
        Signals = [.. receipt.Signals.Select(static s => new ReceiptSignalView(s.Guard, s.Description, EntryNames.Of(s.Severity), s.Metadata, s.Promoted))],
    };

    private ReceiptView With(Intent intent) => this with
    {
        At = intent.At,
        Tool = intent.Tool,
        Agent = intent.Caller.Agent,
        By = intent.Caller.By,
        Origin = intent.Caller.Origin,
        IncidentId = intent.IncidentId,
        Decision = "open",
        Text = "No receipt: it is under way, or a crash left it.",
        Parameters = Json(intent.Parameters),
        ParametersHash = intent.ParametersHash,
        PolicyHash = intent.PolicyHash,
    };

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}

internal sealed record ReceiptEvidenceView(string Guard, string Name, string Value);

internal sealed record ReceiptSignalView(string Guard, string Description, string Severity, IReadOnlyDictionary<string, string> Metadata, bool Promoted);

/// <summary>One entry of the chain with what proves it.</summary>
internal sealed record ReceiptDetailView
{
    public required ReceiptView Receipt { get; init; }

    /// <summary>For a checkpoint: what it sums up.</summary>
    public ReceiptCheckpointView? Checkpoint { get; init; }

    /// <summary>The time of the intent that it closes; null where it is none or that is gone.</summary>
    public DateTimeOffset? IntentAt { get; init; }

    /// <summary>The id of the entry before.</summary>
    public string? Prev { get; init; }

    /// <summary>The bytes that are hashed and signed: canonical JSON.</summary>
    public required string Body { get; init; }

    /// <summary>Whether the id is the SHA-256 of the body.</summary>
    public required bool IdMatches { get; init; }

    /// <summary>"valid", "not_yet_signed", "foreign_key", "wrong"; "unchecked" where the keys can't be read.</summary>
    public required string SignatureState { get; init; }

    /// <summary>64 bytes r||s, Base64.</summary>
    public string? Signature { get; init; }
    public string? SignedBy { get; init; }
}

internal sealed record ReceiptCheckpointView(long First, long Last, long Count, string Root, string? PreviousCheckpoint);

/// <summary>Puts a <see cref="ReceiptDetailView"/> together, for the page and the terminal alike.</summary>
internal static class ReceiptDetails
{
    /// <param name="keys">Null: they can't be read here.</param>
    public static ReceiptDetailView Of(IReceiptStore store, ChainEntry entry, KeyRing? keys)
    {
        var readable = EntryReader.TryRead(entry.Body, out var body);
        return new()
        {
            Receipt = ReceiptView.Of(entry),
            Checkpoint = readable && body.Checkpoint is { } c ? new(c.First, c.Last, c.Count, c.Root, c.Previous) : null,
            IntentAt = readable && body.Receipt is { } receipt && store.Get(receipt.Intent) is { } intent && EntryReader.TryRead(intent.Body, out var before) ? before.At : null,
            Prev = readable ? body.Prev : null,
            Body = System.Text.Encoding.UTF8.GetString(entry.Body.Span),
            IdMatches = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(entry.Body.Span)) == entry.Id,
            SignatureState = StateOf(entry, keys),
            Signature = entry.Signature is { } signature ? Convert.ToBase64String(signature) : null,
            SignedBy = entry.SignedBy,
        };
    }

    private static string StateOf(ChainEntry entry, KeyRing? keys) =>
        entry.Signature is null ? "not_yet_signed"
        : keys is null ? "unchecked"
        : entry.SignedBy is null || !keys.TryFindPublic(entry.SignedBy, out var key) ? "foreign_key"
        : SigningKey.Verify(key, entry.Body.Span, entry.Signature) ? "valid" : "wrong";
}
