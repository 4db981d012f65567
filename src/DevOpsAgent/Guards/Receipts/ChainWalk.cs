using System.Security.Cryptography;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// Checks entries one after the other, all but their signatures: places, hashes, links, receipts against intents, checkpoints,
/// the anchor. Memory: the open intents and the ids since the last checkpoint.
/// </summary>
internal sealed class ChainWalk(KeyRing keys, AnchorPoint? anchor)
{
    private const string Compare = "Stop the agent, keep copies of the database and the directory of the keys, and compare with a backup; whatever follows this entry proves nothing about it.";

    private readonly HashSet<long> _open = [];
    private readonly List<byte[]> _since = new(Checkpoint.Every);
    private long _seq;
    private string _id = ChainTail.NoPrevious;
    private DateTimeOffset? _at;
    private long _checkpoint;
    private string? _checkpointId;
    private (long Seq, DateTimeOffset At) _unsigned;

    public long Entries { get; private set; }
    public long Receipts { get; private set; }
    public long Checkpoints { get; private set; }
    public long OpenIntents => _open.Count;
    public long NotYetSigned { get; private set; }
    public string? LastId => Entries == 0 ? null : _id;

    /// <summary>Null: good so far.</summary>
    public VerifyFault? Next(ChainEntry entry)
    {
        if (entry.Seq != _seq + 1)
        {
            return entry.Seq > _seq + 1
                ? Fault(_seq + 1, _at, "missing", entry.Seq == _seq + 2 ? $"entry {_seq + 1} is missing" : $"entries {_seq + 1} to {entry.Seq - 1} are missing")
                : Fault(entry.Seq, _at, "order", $"it stands after entry {_seq}: twice, or out of order");
        }

        if (Convert.ToHexStringLower(SHA256.HashData(entry.Body.Span)) != entry.Id)
        {
            return Fault(entry.Seq, EntryReader.TryRead(entry.Body, out var changed) ? changed.At : _at, "changed", "its body doesn't have the hash that is its id: one of them was changed");
        }

        if (!EntryReader.TryRead(entry.Body, out var body))
        {
            return Fault(entry.Seq, _at, "unreadable", "its body is not one that this program writes");
        }

        if (body.Seq != entry.Seq || body.Kind != entry.Kind)
        {
            return Fault(entry.Seq, body.At, "order", $"its body is that of {EntryNames.Of(body.Kind)} {body.Seq}: it was moved here");
        }

        if (body.Prev != _id)
        {
            return Fault(entry.Seq, body.At, "not_following", entry.Seq == 1 ? "it is not the first of a chain" : $"it doesn't follow entry {_seq}: that one was replaced, or this one was put in");
        }

        var fault = CheckKind(entry, body) ?? CheckSignatureState(entry, body) ?? CheckAnchor(entry, body);
        if (fault is null)
        {
            (_seq, _id, _at) = (entry.Seq, entry.Id, body.At);
            Entries++;
            Note(entry, body);
        }

        return fault;
    }

    /// <summary>After the last entry.</summary>
    public VerifyFault? End() => anchor is { } last && last.Seq > _seq
        ? new(_seq + 1, _at, "cut", _seq == 0
                ? $"there are no receipts, but {last.Seq} were signed"
                : $"the chain ends at entry {_seq}, but {last.Seq} were signed: its end was cut off, or the database was rolled back to an older copy",
            $"Restore the newest backup of {last.Database}. If you replaced the database knowingly, remove its anchor-*.json beside the keys.")
        : null;

    public IEnumerable<string> Notes()
    {
        if (NotYetSigned > 0)
        {
            yield return $"{NotYetSigned} {(NotYetSigned == 1 ? "entry is" : "entries are")} not yet signed, from {_unsigned.Seq} on: a running agent signs within moments, otherwise the next start does.";
        }

        if (OpenIntents > 0)
        {
            yield return $"{OpenIntents} {(OpenIntents == 1 ? "call has" : "calls have")} an intent and no receipt, first {_open.Min()}: under way, or left by a crash.";
        }

        if (anchor is null && Entries > NotYetSigned)
        {
            yield return "There is no anchor beside the keys for this database: that its end was not cut off can't be shown.";
        }
    }

    private VerifyFault? CheckKind(ChainEntry entry, EntryBody body)
    {
        if (Checkpoint.IsDue(entry.Seq) && entry.Kind != EntryKind.Checkpoint)
        {
            return Fault(entry.Seq, body.At, "no_checkpoint", $"a checkpoint must stand here (every {Checkpoint.Every} entries), not {EntryNames.Of(entry.Kind)}");
        }

        if (body.Receipt is { } receipt && !_open.Contains(receipt.Intent))
        {
            return Fault(entry.Seq, body.At, "no_intent", $"it is the receipt of intent {receipt.Intent}, which isn't there or has one already");
        }

        return body.Checkpoint is { } checkpoint
            && (checkpoint.First != _checkpoint + 1 || checkpoint.Last != _seq || checkpoint.Count != _since.Count
                || checkpoint.Previous != _checkpointId || checkpoint.Root != Checkpoint.RootOf(_since))
            ? Fault(entry.Seq, body.At, "wrong_checkpoint", $"this checkpoint doesn't sum up entries {_checkpoint + 1} to {_seq}")
            : null;
    }

    private VerifyFault? CheckSignatureState(ChainEntry entry, EntryBody body)
    {
        if (entry.Signature is null != entry.SignedBy is null)
        {
            return Fault(entry.Seq, body.At, "unsigned", entry.Signature is null ? "its signature was removed" : "its key id was removed");
        }

        if (entry.Signature is null)
        {
            return entry.Mac is not { } mac ? Fault(entry.Seq, body.At, "unsigned", "its signature was removed")
                : CryptographicOperations.FixedTimeEquals(mac, ChainTail.MacOf(keys, entry.Id)) ? null
                : Fault(entry.Seq, body.At, "stranger", "it is not signed, and was not written by a holder of the keys");
        }

        if (NotYetSigned > 0)
        {
            return Fault(_unsigned.Seq, _unsigned.At, "unsigned", $"it is not signed, although entry {entry.Seq} after it is: its signature was removed");
        }

        return keys.TryFindPublic(entry.SignedBy!, out _)
            ? null
            : Fault(entry.Seq, body.At, "foreign_key", $"it is signed by key {Short(entry.SignedBy!)}, which is none of ours",
                $"Look whether guards.keys names the directory that was used then ({keys.Directory}); a key in it must be endorsed by the one before. Otherwise: {Compare}");
    }

    private VerifyFault? CheckAnchor(ChainEntry entry, EntryBody body)
    {
        if (anchor is null || anchor.Seq != entry.Seq)
        {
            return null;
        }

        return anchor.Id != entry.Id
            ? Fault(entry.Seq, body.At, "replaced", $"another entry was signed here (id {Short(anchor.Id)}): the database was rolled back and went on, or was replaced",
                $"If you replaced {anchor.Database} knowingly, remove its anchor-*.json beside the keys. Otherwise: {Compare}")
            : entry.Signature is null
                ? Fault(entry.Seq, body.At, "unsigned", "it was signed once, and isn't any more: its signature was removed")
                : null;
    }

    private void Note(ChainEntry entry, EntryBody body)
    {
        switch (body)
        {
            case { Intent: not null }:
                _open.Add(entry.Seq);
                break;
            case { Receipt: { } receipt }:
                _open.Remove(receipt.Intent);
                Receipts++;
                break;
            default:
                Checkpoints++;
                break;
        }

        if (entry.Kind == EntryKind.Checkpoint)
        {
            (_checkpoint, _checkpointId) = (entry.Seq, entry.Id);
            _since.Clear();
        }
        else
        {
            _since.Add(Convert.FromHexString(entry.Id));
        }

        if (entry.Signature is null && NotYetSigned++ == 0)
        {
            _unsigned = (entry.Seq, body.At);
        }
    }

    // Names in the database may be anything by now.
    private static string Short(string id) => id.Length > 16 ? id[..16] + "..." : id;

    internal static VerifyFault Fault(long seq, DateTimeOffset? at, string code, string problem, string whatToDo = Compare) => new(seq, at, code, problem, whatToDo);
}
