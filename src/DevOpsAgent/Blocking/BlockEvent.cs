using DevOpsAgent.Guards;

namespace DevOpsAgent.Blocking;

/// <summary>Something that people should see as it happens.</summary>
/// <param name="Text">One sentence for people.</param>
internal sealed record BlockEvent(BlockEventKind Kind, DateTimeOffset At, string Text, Block? Block = null);

internal enum BlockEventKind
{
    Applied,
    Failed,
    Lifted,
    Expired,

    /// <summary>The target was missing or stale and was set right.</summary>
    DriftRepaired,

    /// <summary>Somebody else changed our file; it was set right.</summary>
    ForeignEdit,

    /// <summary>A cap or a guard left it to a person.</summary>
    Held,

    /// <summary>The target can't be written or read; it is tried again.</summary>
    TargetDown,

    /// <summary>The store can't be read or written; it is tried again.</summary>
    StoreDown,
}

/// <summary>What became of one request.</summary>
internal sealed record BlockAnswer
{
    public required BlockRequest Request { get; init; }

    public required BlockVerdict Verdict { get; init; }

    /// <summary>Which check refused or held it: "not_public".</summary>
    public string? Refusal { get; init; }

    /// <summary>One sentence: where it was written, why not, what to do.</summary>
    public required string Text { get; init; }

    /// <summary>As stored now; null where a guard said no.</summary>
    public Block? Block { get; init; }
}

internal enum BlockVerdict
{
    /// <summary>Written and confirmed.</summary>
    Active,

    /// <summary>Written and read back.</summary>
    Unconfirmed,

    /// <summary>Waits for a person.</summary>
    Held,

    Denied,

    /// <summary>Permitted, but the target could not be written; or it ended meanwhile.</summary>
    Failed,
}

/// <summary>What a block would do, for a recommendation.</summary>
internal sealed record BlockPlan
{
    /// <summary>What would be denied, as the target would hold it.</summary>
    public required IReadOnlyList<Addresses.AddressRange> Ranges { get; init; }

    /// <summary>What stays open inside these ranges.</summary>
    public required IReadOnlyList<Addresses.AddressRange> CarveOuts { get; init; }

    /// <summary>"Traefik file /etc/traefik/dynamic/devops-agent.yaml at web, websecure".</summary>
    public required string Where { get; init; }

    /// <summary>With earlier offences counted.</summary>
    public required TimeSpan Ttl { get; init; }

    public required int Offence { get; init; }

    /// <summary>Unified diff of the target's content.</summary>
    public required string Change { get; init; }

    /// <summary>Why it would be refused or held now; null where it would be done.</summary>
    public required GuardDecision? Refusal { get; init; }
}
