using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// Where every tool call is written down: an intent before it is judged, a receipt after. Both are chained and durable on return;
/// signatures follow within moments. Thread safe; several processes may keep journals over one store.
/// </summary>
internal sealed class ReceiptJournal : IDisposable
{
    private readonly IReceiptStore _store;
    private readonly KeyRing _keys;
    private readonly ChainTail _tail;
    private readonly ReceiptSigner _signer;
    private volatile bool _appended;
    private bool _disposed;

    /// <param name="anchor">Where the last signed entry is kept outside the database; null for a store that ends with the process.</param>
    public ReceiptJournal(IReceiptStore store, KeyRing keys, TimeProvider time, ReceiptAnchor? anchor = null)
    {
        (_store, _keys) = (store, keys);
        _tail = new(store, keys, time);
        _signer = new(store, keys, time, anchor);
    }

    /// <summary>Called with each stored receipt, in order, on the thread that stored it. Must not throw.</summary>
    public Action<Receipt>? Recorded { get; set; }

    /// <summary>Why signing is behind, for people; null: it isn't.</summary>
    public string? Problem => _signer.Problem;

    /// <summary>Stores intents in one transaction; their seqs, in order. Throws <see cref="StoreException"/>: nothing was stored, nothing may be done.</summary>
    public IReadOnlyList<long> Begin(IReadOnlyList<Intent> intents)
    {
        if (intents.Count == 0)
        {
            return [];
        }

        var seqs = new long[intents.Count];
        Append(made =>
        {
            for (var i = 0; i < seqs.Length; i++)
            {
                seqs[i] = _tail.Add(intents[i], made).Seq;
            }
        }, intents.Count);
        return seqs;
    }

    /// <summary>Stores receipts in one transaction; their entries, in order. Throws <see cref="StoreException"/>: nothing was stored, the intents stand open.</summary>
    public IReadOnlyList<ChainEntry> End(IReadOnlyList<Receipt> receipts)
    {
        if (receipts.Count == 0)
        {
            return [];
        }

        var entries = new ChainEntry[receipts.Count];
        Append(made =>
        {
            for (var i = 0; i < entries.Length; i++)
            {
                entries[i] = _tail.Add(receipts[i], made);
            }
        }, receipts.Count);
        if (Recorded is { } recorded)
        {
            for (var i = 0; i < receipts.Count; i++)
            {
                recorded(receipts[i]);
            }
        }

        return entries;
    }

    /// <summary>Intents without a receipt, oldest first: calls under way, or what a crash left.</summary>
    public IReadOnlyList<(long Seq, Intent Intent)> OpenIntents() =>
        [.. _store.OpenIntents().Select(static e => EntryReader.TryRead(e.Body, out var body) && body.Intent is { } intent ? (e.Seq, intent) : default).Where(static e => e.intent is not null)];

    /// <summary>
    /// The hash of parameters with a secret among them, 64 hex: HMAC-SHA256 under a key of the ring, since a short secret can be found
    /// from a plain hash by trying.
    /// </summary>
    public string KeyedHash(ReadOnlySpan<byte> canonical) => Convert.ToHexStringLower(_keys.Mac(canonical));

    /// <summary>Signs all that waits for it now.</summary>
    public void Flush() => _signer.Flush();

    /// <summary>A clean shutdown: a checkpoint over what this journal appended, and everything signed. A fault leaves that to the next start.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _signer.Dispose();
        try
        {
            if (_appended)
            {
                Append(_tail.AddCheckpoint, 1);
                _signer.Flush();
            }
        }
        catch (Exception fault) when (fault is StoreException or KeyException or ObjectDisposedException)
        {
            // What is unsigned is signed at the next start; a missing checkpoint of a shutdown is none that verifying asks for.
        }
        finally
        {
            _tail.Dispose();
        }
    }

    private void Append(Action<List<ChainEntry>> add, int count)
    {
        _store.Append((seq, prev) =>
        {
            _tail.Follow(seq, prev);
            var made = new List<ChainEntry>(count + 1);
            add(made);
            return made;
        });
        _appended = true;
        _signer.Wake();
    }
}
