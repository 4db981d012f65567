using DevOpsAgent.Addresses;

namespace DevOpsAgent.Blocking;

/// <summary>
/// A place where denials are written: a Traefik file, a cluster. Level-triggered: it is always given the whole
/// list of what is to be denied and makes its objects equal to that. It touches only objects of its own.
/// </summary>
internal interface IBlockTarget
{
    /// <summary>For people: "Traefik file /etc/traefik/dynamic/devops-agent.yaml".</summary>
    string Description { get; }

    /// <summary>For people, in a plan: the target and where in it clients are denied.</summary>
    string Where(IReadOnlyList<string> entryPoints) => $"{Description} at {string.Join(", ", entryPoints)}";

    /// <summary>Why a person must look at each block before it is written here; null: mode auto may.</summary>
    string? ReviewReason => null;

    /// <summary>The target's content for this list, exactly as Apply would write it; empty string for "nothing there".</summary>
    string Render(DenyList list);

    /// <summary>Makes the target deny exactly the list; reads back; never throws for a fault of the target. Empty list: removes our objects.</summary>
    Task<TargetResult> ApplyAsync(DenyList list, CancellationToken cancellationToken);

    /// <summary>Compares the target with the list without changing it.</summary>
    Task<TargetState> InspectAsync(DenyList list, CancellationToken cancellationToken);

    /// <summary>Cheap enough for every second: false where the target or our object in it is gone, or one is there that should not be.</summary>
    bool LooksRight(DenyList list) => true;
}

/// <summary>What is to be denied: disjoint ascending ranges, and allowlisted ranges inside them that stay open.</summary>
internal sealed record DenyList(IReadOnlyList<AddressRange> Ranges, IReadOnlyList<AddressRange> CarveOuts)
{
    public static DenyList Empty { get; } = new([], []);
}

internal enum TargetOutcome
{
    /// <summary>Written, and Traefik's API shows the router enabled.</summary>
    Confirmed,

    /// <summary>Written and read back; Traefik was not asked or not reachable.</summary>
    Unconfirmed,

    /// <summary>Not written, or Traefik refused it; the detail says why. What stood before still stands.</summary>
    Failed,
}

internal sealed record TargetResult(TargetOutcome Outcome, string Detail);

/// <summary>Drift: null = as it should be; else one sentence naming what differs (missing, edited by someone else, stale).</summary>
internal sealed record TargetState(bool Reachable, string? Drift)
{
    /// <summary>The drift is somebody else's edit, not an old or missing content.</summary>
    public bool Foreign { get; init; }
}
