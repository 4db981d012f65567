namespace DevOpsAgent.Incidents;

/// <summary>An address, range or DNS name that is never blocked.</summary>
internal sealed record AllowlistEntry
{
    public long Id { get; init; }

    /// <summary>Canonical address, CIDR range or lower-case DNS name: the column ip_or_cidr.</summary>
    public required string Value { get; init; }

    public string Description { get; init; } = "";
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>For a DNS name: the addresses of its last good resolution, kept while DNS is down.</summary>
    public IReadOnlyList<string> Resolved { get; init; } = [];

    public DateTimeOffset? ResolvedAt { get; init; }
}
