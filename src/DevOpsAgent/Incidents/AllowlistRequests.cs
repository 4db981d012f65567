namespace DevOpsAgent.Incidents;

/// <summary>Adds an entry, or brings description and expiry of the one with this value up to date: may be repeated.</summary>
/// <param name="Value">Address, CIDR range or DNS name.</param>
/// <param name="ExpiresAt">Null: never.</param>
internal sealed record AllowRequest(string Value, string Description, DateTimeOffset? ExpiresAt)
{
    /// <summary>True: also every address (/0).</summary>
    public bool Force { get; init; }

    /// <summary>The entry that goes for it, where its value is another.</summary>
    public long? Replaces { get; init; }
}

/// <summary>Takes an entry away: by its number, or by its value in any spelling ("203.0.113.7/32" removes "203.0.113.7").</summary>
internal sealed record DisallowRequest(long? Id, string? Value);

/// <summary>Adds the entries of a CSV text: all, or, where a row is wrong, none unless partial.</summary>
internal sealed record AllowImportRequest(string Csv, bool Partial, bool Force);
