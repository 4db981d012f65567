using DevOpsAgent.Addresses;

namespace DevOpsAgent.Blocking;

/// <summary>A Block is an address or range denied until a time, in a target.</summary>
internal sealed record Block
{
    public long Id { get; init; }
    public required AddressRange Range { get; init; }

    /// <summary>Null for a block that a person added by hand.</summary>
    public long? IncidentId { get; init; }

    public required string Reason { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Who let it happen: "auto", or a person's name.</summary>
    public required string ApprovedBy { get; init; }

    public required BlockStatus Status { get; init; }

    /// <summary>Machine time of the last change of status.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>1 for a first offence; each further one within the look-back doubles the time, up to the cap.</summary>
    public int Offence { get; init; } = 1;

    /// <summary>The target's answer: where it was written, or why it failed.</summary>
    public string? Result { get; init; }
}

/// <summary>Names are stored in lower case: append only.</summary>
internal enum BlockStatus : byte
{
    /// <summary>Intent is stored, effect not yet seen.</summary>
    Pending,

    /// <summary>Written and confirmed by Traefik's API.</summary>
    Active,

    /// <summary>Written and read back; Traefik itself was not asked or did not answer.</summary>
    Unconfirmed,

    Expired,
    Lifted,
    Failed,
}
