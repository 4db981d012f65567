using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// The end of the chain as one process knows it: what the next entry follows, and the ids since the last checkpoint. Used only
/// inside <see cref="IReceiptStore.Append"/>, which lets in one at a time.
/// </summary>
internal sealed class ChainTail(IReceiptStore store, KeyRing keys, TimeProvider time) : IDisposable
{
    public static string NoPrevious { get; } = new('0', 64);

    private readonly EntryWriter _writer = new();
    private readonly HMACSHA256 _mac = keys.CreateMac();
    private readonly List<byte[]> _since = new(Checkpoint.Every);
    private long _seq;
    private string _id = NoPrevious;
    private long _checkpoint;
    private string? _checkpointId;

    /// <summary>Stands at the store's last entry: reads what other processes appended, or what a failed transaction took back.</summary>
    public void Follow(long seq, string id)
    {
        if (seq == _seq && id == _id)
        {
            return;
        }

        (_seq, _id, _checkpoint, _checkpointId) = (seq, id, 0, null);
        _since.Clear();

        // Each multiple of Every is a checkpoint, so the last one is not before it.
        var from = seq / Checkpoint.Every * Checkpoint.Every;
        foreach (var entry in store.Read(Math.Max(1, from)))
        {
            Note(entry.Seq, entry.Id, entry.Kind);
        }
    }

    /// <summary>The next entry, after a checkpoint where one is due.</summary>
    public ChainEntry Add(Intent intent, List<ChainEntry> made)
    {
        AddDueCheckpoint(made);
        return Add(EntryKind.Intent, _writer.Write(_seq + 1, _id, intent), made);
    }

    public ChainEntry Add(Receipt receipt, List<ChainEntry> made)
    {
        AddDueCheckpoint(made);
        return Add(EntryKind.Receipt, _writer.Write(_seq + 1, _id, receipt), made);
    }

    /// <summary>Sums up what came since the last one; nothing if nothing came.</summary>
    public void AddCheckpoint(List<ChainEntry> made)
    {
        if (_since.Count > 0)
        {
            var checkpoint = new Checkpoint(time.GetUtcNow(), _checkpoint + 1, _seq, _since.Count, Checkpoint.RootOf(_since), _checkpointId);
            Add(EntryKind.Checkpoint, _writer.Write(_seq + 1, _id, checkpoint), made);
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        _mac.Dispose();
    }

    private void AddDueCheckpoint(List<ChainEntry> made)
    {
        if (!Checkpoint.IsDue(_seq + 1))
        {
            return;
        }

        // Right after the checkpoint of a shutdown there is nothing to sum up, and the place must be filled all the same.
        var checkpoint = new Checkpoint(time.GetUtcNow(), _checkpoint + 1, _seq, _since.Count, Checkpoint.RootOf(_since), _checkpointId);
        Add(EntryKind.Checkpoint, _writer.Write(_seq + 1, _id, checkpoint), made);
    }

    private ChainEntry Add(EntryKind kind, byte[] body, List<ChainEntry> made)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(body));
        var entry = new ChainEntry { Seq = _seq + 1, Kind = kind, Id = id, Body = body, Mac = MacOf(id) };
        Note(entry.Seq, id, kind);
        made.Add(entry);
        return entry;
    }

    private void Note(long seq, string id, EntryKind kind)
    {
        (_seq, _id) = (seq, id);
        if (kind == EntryKind.Checkpoint)
        {
            (_checkpoint, _checkpointId) = (seq, id);
            _since.Clear();
        }
        else
        {
            _since.Add(Convert.FromHexString(id));
        }
    }

    private byte[] MacOf(string id)
    {
        Span<byte> ascii = stackalloc byte[64];
        Encoding.ASCII.GetBytes(id, ascii);
        var mac = new byte[HMACSHA256.HashSizeInBytes];
        _mac.TryComputeHash(ascii, mac, out _);
        return mac;
    }

    /// <summary>What shows that an entry was appended by a holder of the keys, while it has no signature.</summary>
    public static byte[] MacOf(KeyRing keys, string id)
    {
        Span<byte> ascii = stackalloc byte[64];
        return id.Length == 64 && Encoding.ASCII.TryGetBytes(id, ascii, out _) ? keys.Mac(ascii) : throw new ArgumentException("An id has 64 digits.", nameof(id));
    }
}
