namespace DevOpsAgent.Exec.Remote;

internal enum CallOperation
{
    Run,
    Check,
    Renew,
    Cancel,
    Sessions,
}

/// <summary>What a caller asks of the service. Its JSON is one line: <c>{"op":"run","request_id":"32 hex","argv":["/usr/bin/uptime"],"stdin_bytes":0,"stdin_sha256":null,"timeout_ms":30000,"cwd":null}</c>.</summary>
internal sealed record ExecCall
{
    public required CallOperation Operation { get; init; }

    /// <summary>32 hex digits. For run: new; for renew and cancel: which one.</summary>
    public required string RequestId { get; init; }

    public IReadOnlyList<string> Argv { get; init; } = [];
    public long StdinBytes { get; init; }

    /// <summary>64 hex digits; null without standard input.</summary>
    public string? StdinSha256 { get; init; }

    /// <summary>Null: the entry's longest.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Null: the ACL's own.</summary>
    public string? Cwd { get; init; }
}

/// <summary>A call with who asks, whom, and when: what both keys sign.</summary>
internal sealed record RequestFrame
{
    public required ExecCall Call { get; init; }

    /// <summary>The sender's keys. That they signed is checked first, that they are trusted afterwards.</summary>
    public required PeerKey Agent { get; init; }

    public required PeerKey Machine { get; init; }

    /// <summary>Id of the machine that is asked: a frame for one machine can't be shown to another.</summary>
    public required string Receiver { get; init; }

    /// <summary>32 hex digits that the asked service drew when it started: a frame ends with that start.</summary>
    public required string StartId { get; init; }

    /// <summary>32 hex digits, never used twice.</summary>
    public required string Nonce { get; init; }

    /// <summary>The sender's clock, whole milliseconds.</summary>
    public required DateTimeOffset Time { get; init; }
}
