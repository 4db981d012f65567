using DevOpsAgent.Signing;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// Walks the whole chain and names the first bad entry. Streaming, in portions: a chain of any length takes the memory of one.
/// Signatures, which take nearly all the time (about 60 us each), are verified on all cores.
/// </summary>
internal static class ReceiptVerifier
{
    private const int Portion = 2048;

    /// <param name="anchor">Read before the entries: what is signed in between would look cut off.</param>
    /// <param name="progress">Called with the number of entries done, after each portion.</param>
    public static VerifyReport Verify(IEnumerable<ChainEntry> entries, KeyRing keys, AnchorPoint? anchor, Action<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var walk = new ChainWalk(keys, anchor);
        VerifyFault? fault = null;
        foreach (var portion in entries.Chunk(Portion))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var signed = new List<ChainEntry>(portion.Length);
            foreach (var entry in portion)
            {
                fault = walk.Next(entry);
                if (fault is not null)
                {
                    break;
                }

                if (entry.Signature is not null)
                {
                    signed.Add(entry);
                }
            }

            // Also of a portion with a fault: a bad signature before it is the first.
            if (FirstWrong(signed, keys, cancellationToken) is { } wrong && (fault is null || wrong.Seq < fault.Seq))
            {
                fault = ChainWalk.Fault(
                    wrong.Seq, EntryReader.TryRead(wrong.Body, out var body) ? body.At : null, "wrong_signature",
                    $"its signature is not that of key {wrong.SignedBy}: body, id and links were made anew without the key, or the signature was changed");
            }

            if (fault is not null)
            {
                break;
            }

            progress?.Invoke(walk.Entries);
        }

        fault ??= walk.End();
        return new()
        {
            Entries = walk.Entries,
            Receipts = walk.Receipts,
            Checkpoints = walk.Checkpoints,
            OpenIntents = walk.OpenIntents,
            NotYetSigned = walk.NotYetSigned,
            LastId = walk.LastId,
            Notes = fault is null ? [.. walk.Notes()] : [],
            Fault = fault,
        };
    }

    private static ChainEntry? FirstWrong(List<ChainEntry> signed, KeyRing keys, CancellationToken cancellationToken)
    {
        var first = long.MaxValue;
        Parallel.For(0, signed.Count, new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken },
            () => new SignatureCheck(keys),
            (i, loop, check) =>
            {
                if (!check.Verify(signed[i].SignedBy!, signed[i].Body.Span, signed[i].Signature))
                {
                    // Iterations before this one are still carried out: one of them may be the first.
                    loop.Break();
                    InterlockedMin(ref first, i);
                }

                return check;
            },
            static check => check.Dispose());
        return first == long.MaxValue ? null : signed[(int)first];
    }

    private static void InterlockedMin(ref long target, long value)
    {
        for (var seen = Interlocked.Read(ref target); value < seen;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
