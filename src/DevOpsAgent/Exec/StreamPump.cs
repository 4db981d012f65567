using System.Security.Cryptography;
using DevOpsAgent.Exec.Native;

namespace DevOpsAgent.Exec;

/// <summary>
/// Reads one output stream to its end: forwards up to the cap, then goes on reading and counting, because a full pipe would stop
/// the command.
/// </summary>
internal sealed class StreamPump(ExecStream stream, long cap, long warnAt, Action<ExecWarningKind, long> warn, Action alive) : IDisposable
{
    private IncrementalHash? _hash;
    private long _bytes;
    private bool _warned;

    /// <summary>All that was read.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The cap was reached, so something was not forwarded.</summary>
    public bool IsCapped { get; private set; }

    /// <summary>The stream's end was seen.</summary>
    public bool IsComplete { get; private set; }

    /// <param name="ended">The command has ended: the reader is no longer waited for.</param>
    /// <param name="source">Disposed when nobody waits for its end any more.</param>
    public async Task RunAsync(PipeSource source, SessionOutput output, CancellationToken ended)
    {
        var buffer = new byte[ExecSession.ChunkBytes];
        try
        {
            while (await source.ReadAsync(buffer) is > 0 and var count)
            {
                await TakeAsync(buffer.AsMemory(0, count), output, ended);
            }

            IsComplete = true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or SpawnException)
        {
            // Abandoned: a process outside the group keeps the pipe open. IsComplete stays false.
        }
    }

    /// <summary>64 hex digits over all that was read; null for nothing. After the end.</summary>
    public string? Sha256() => _hash is null ? null : Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash?.Dispose();

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> chunk, SessionOutput output, CancellationToken ended)
    {
        alive();
        (_hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256)).AppendData(chunk.Span);
        var before = _bytes;
        var total = Interlocked.Add(ref _bytes, chunk.Length);
        if (before < cap)
        {
            await output.WriteAsync(new(stream, chunk[..(int)Math.Min(chunk.Length, cap - before)].ToArray()), ended);
        }

        if (!_warned && total >= warnAt)
        {
            _warned = true;
            warn(stream == ExecStream.Stdout ? ExecWarningKind.StdoutApproachingCap : ExecWarningKind.StderrApproachingCap, total);
        }

        if (!IsCapped && total > cap)
        {
            IsCapped = true;
            warn(stream == ExecStream.Stdout ? ExecWarningKind.StdoutCapHit : ExecWarningKind.StderrCapHit, total);
        }
    }
}
