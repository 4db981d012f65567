namespace DevOpsAgent.Audit.Mirror;

/// <summary>Where copies of lines go. Sending the same lines again must be harmless: after a restart or a lost answer it happens.</summary>
internal interface IMirrorTarget : IAsyncDisposable
{
    /// <summary>"PostgreSQL db.example.org", for messages; without secrets.</summary>
    string Name { get; }

    /// <summary>Returns when the other side has them durably. Throws <see cref="MirrorException"/> otherwise.</summary>
    Task SendAsync(MirrorBatch batch, CancellationToken cancellationToken);
}

/// <param name="Stream">The log's name at the other side: audit_tasklist_id.</param>
/// <param name="Segment">seq of the first line of the segment that they stand in.</param>
/// <param name="Lines">In their order; not always without gaps, as checkpoints go ahead of their segment.</param>
internal sealed record MirrorBatch(string Stream, long Segment, IReadOnlyList<MirrorLine> Lines);

/// <param name="Text">As it stands in the file, without its line feed.</param>
internal sealed record MirrorLine(AuditLine Line, byte[] Text);

/// <summary>The copy couldn't be made. The log itself goes on.</summary>
internal sealed class MirrorException(string message, Exception? inner = null) : Exception(message, inner);
