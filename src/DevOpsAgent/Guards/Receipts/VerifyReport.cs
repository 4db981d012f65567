namespace DevOpsAgent.Guards.Receipts;

/// <summary>What verifying found. Without a fault everything is as it was written; notes say what that doesn't cover.</summary>
internal sealed record VerifyReport
{
    /// <summary>How many entries were looked at, up to the fault.</summary>
    public required long Entries { get; init; }
    public required long Receipts { get; init; }
    public required long Checkpoints { get; init; }

    /// <summary>Intents without a receipt.</summary>
    public required long OpenIntents { get; init; }

    /// <summary>At the end of the chain: their signatures follow within moments, or at the next start.</summary>
    public required long NotYetSigned { get; init; }

    /// <summary>The id of the last entry: kept elsewhere, it proves later that nothing before it changed.</summary>
    public required string? LastId { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The first bad entry; null: none.</summary>
    public required VerifyFault? Fault { get; init; }
}

/// <param name="Seq">The entry that is bad, or the place where one is missing.</param>
/// <param name="At">Its time where that can be read; of a missing one, the time of the entry before.</param>
/// <param name="Code">For programs: missing, order, changed, unreadable, not_following, no_intent, no_checkpoint, wrong_checkpoint,
/// unsigned, stranger, foreign_key, wrong_signature, cut, replaced.</param>
internal sealed record VerifyFault(long Seq, DateTimeOffset? At, string Code, string Problem, string WhatToDo);
