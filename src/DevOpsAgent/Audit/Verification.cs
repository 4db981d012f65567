namespace DevOpsAgent.Audit;

/// <summary>What <see cref="AuditVerifier"/> found.</summary>
internal sealed record Verification
{
    public int Segments { get; set; }
    public long Lines { get; set; }
    public long FirstSeq { get; set; }
    public long LastSeq { get; set; }

    /// <summary>Right signatures: of checkpoints, retention lines and the head.</summary>
    public long Signatures { get; set; }

    /// <summary>Lines up to this seq were let go by retention, which is proven; 0 for none.</summary>
    public long RemovedThrough { get; set; }

    /// <summary>The first thing that is wrong; null: the chain is whole.</summary>
    public AuditProblem? Problem { get; set; }

    /// <summary>Bytes that a crash left behind the last whole line. Nobody was told that they were recorded.</summary>
    public long TornBytes { get; set; }

    /// <summary>What is not proven, though nothing is wrong.</summary>
    public List<string> Notes { get; } = [];
}

/// <param name="Kind">changed, missing, order, truncated, removed, signature, head, torn_checkpoints or format.</param>
/// <param name="File">The file's name.</param>
/// <param name="Line">1 for the first of the file; null where it is the file as a whole.</param>
internal sealed record AuditProblem(string Kind, string File, long? Line, long? Seq, string What, string Next);
