namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// One link of the receipt chain: the intent written before a call is judged, or the receipt of what came of it. The body
/// is canonical JSON (keys sorted by ordinal, no white space, UTF-8) and holds seq and prev, so that its hash fixes its place.
/// </summary>
internal sealed record ChainEntry
{
    /// <summary>1, 2, 3, ... without a gap.</summary>
    public required long Seq { get; init; }

    public required EntryKind Kind { get; init; }

    /// <summary>SHA-256 of <see cref="Body"/>, 64 lower-case hex digits.</summary>
    public required string Id { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>ECDSA P-256 over <see cref="Body"/>; null until the signer got to it (moments), or after a crash until the next start.</summary>
    public byte[]? Signature { get; init; }

    /// <summary>The id of the key that signed.</summary>
    public string? SignedBy { get; init; }

    /// <summary>
    /// HMAC over <see cref="Id"/> by the key ring, 32 bytes, while there is no signature: the signer signs only what a holder of the
    /// keys appended, not what somebody wrote into the database. Not kept once signed.
    /// </summary>
    public byte[]? Mac { get; init; }
}

internal enum EntryKind
{
    Intent,
    Receipt,
    Checkpoint,
}
