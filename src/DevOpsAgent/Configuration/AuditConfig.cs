namespace DevOpsAgent.Configuration;

/// <summary>The audit log of exec: where, how large, how long, what is hidden, and where copies go.</summary>
internal sealed record AuditConfig
{
    /// <summary>Created with mode 0700. One process writes to it.</summary>
    public string Directory { get; init; } = "./data/audit";

    /// <summary>A segment of this size (bytes) is closed.</summary>
    public long SegmentSize { get; init; } = 64L << 20;

    /// <summary>So is one whose first line is this old.</summary>
    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>A signed checkpoint after so many lines.</summary>
    public int CheckpointLines { get; init; } = 1000;

    /// <summary>Closed segments that are kept at most ...</summary>
    public int KeepSegments { get; init; } = 1000;

    /// <summary>... and their size in all (bytes) ...</summary>
    public long KeepSize { get; init; } = 10L << 30;

    /// <summary>... and their age.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(400);

    /// <summary>Denials of strangers are summed up over this time.</summary>
    public TimeSpan DenialInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Flags whose values are secrets, besides the built-in ones.</summary>
    public IReadOnlyList<string> RedactFlags { get; init; } = [];

    /// <summary>Regular expressions of secrets, besides the built-in ones.</summary>
    public IReadOnlyList<string> RedactPatterns { get; init; } = [];

    public AuditMirrorConfig Mirror { get; init; } = new();
}

/// <summary>A copy of the log elsewhere: in PostgreSQL or at an HTTPS collector.</summary>
internal sealed record AuditMirrorConfig
{
    /// <summary>An Npgsql connection string.</summary>
    public Secret? Postgres { get; init; }

    public Uri? Url { get; init; }

    /// <summary>Sent to <see cref="Url"/> as a bearer token.</summary>
    public Secret? Token { get; init; }

    /// <summary>The stream's name at the other side; null: audit_tasklist_id of exec, else the machine's name.</summary>
    public string? Stream { get; init; }

    /// <summary>True: lines of the running segment are copied as they come; false: closed segments and checkpoints only.</summary>
    public bool Live { get; init; }
}
