using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Tests.Guards.Receipts;

/// <summary>One change of a stored chain, drawn or by name.</summary>
internal static class Mutation
{
    private static readonly string[] Names =
    [
        "flip body", "flip id", "flip signature", "flip key", "no signature", "no key", "delete", "delete many", "swap", "move", "duplicate", "insert", "cut", "kind", "seq", "forge",
        "copy signature",
    ];

    public static IReadOnlyList<ChainEntry> Of(IReadOnlyList<ChainEntry> chain, int kind, int at, int more) =>
        Named(chain, Names[kind % Names.Length], 1 + (at * 7919 % chain.Count), more * 104729);

    /// <param name="at">The seq of the entry that is changed.</param>
    /// <param name="more">Chooses the bit, the distance or the length.</param>
    public static IReadOnlyList<ChainEntry> Named(IReadOnlyList<ChainEntry> chain, string name, int at, int more = 1)
    {
        more = Math.Abs(more);
        var changed = chain.ToList();
        var i = at - 1;
        var entry = chain[i];
        var other = (i + 1 + (more % (chain.Count - 1))) % chain.Count;
        switch (name)
        {
            case "flip body":
                changed[i] = entry with { Body = Flipped(entry.Body.ToArray(), more) };
                break;
            case "flip id":
                changed[i] = entry with { Id = Flipped(entry.Id, more) };
                break;
            case "flip signature":
                changed[i] = entry with { Signature = Flipped([.. entry.Signature!], more) };
                break;
            case "flip key":
                changed[i] = entry with { SignedBy = Flipped(entry.SignedBy!, more) };
                break;
            case "no signature" or "no signature at the end":
                changed[i] = entry with { Signature = null, SignedBy = null };
                break;
            case "no key":
                changed[i] = entry with { SignedBy = null };
                break;
            case "delete":
                changed.RemoveAt(i);
                break;
            case "delete many":
                changed.RemoveRange(i, 1 + (more % (chain.Count - i)));
                break;
            case "swap":
                other = name == "swap" && more == 1 ? i + 1 : other;
                (changed[i], changed[other]) = (changed[other], changed[i]);
                break;
            case "move":
                changed.RemoveAt(i);
                changed.Insert(other == i ? 0 : other % changed.Count, entry);
                break;
            case "duplicate":
                changed.Insert(i + 1, entry);
                break;
            case "insert":
                changed.Insert(i, SampleChain.Forge(entry, static b => b.Replace("203.0.113.7", "203.0.113.8", StringComparison.Ordinal)));
                break;
            case "cut":
                changed.RemoveRange(i, chain.Count - i);
                break;
            case "kind":
                changed[i] = entry with { Kind = entry.Kind == EntryKind.Intent ? EntryKind.Receipt : EntryKind.Intent };
                break;
            case "seq":
                changed[i] = entry with { Seq = entry.Seq + 1 + (more % 5) };
                break;
            case "forge":
                changed[i] = SampleChain.Forge(entry, static b => b.Replace("\"v\":1", "\"v\":1 ", StringComparison.Ordinal));
                break;
            case "copy signature":
                changed[i] = entry with { Signature = chain[other].Signature };
                break;
            default:
                throw new ArgumentException(name, nameof(name));
        }

        return changed;
    }

    private static byte[] Flipped(byte[] bytes, int bit)
    {
        bytes[bit / 8 % bytes.Length] ^= (byte)(1 << (bit % 8));
        return bytes;
    }

    private static string Flipped(string text, int bit)
    {
        var chars = text.ToCharArray();
        chars[bit % chars.Length] = (char)(chars[bit % chars.Length] ^ 1);
        return new(chars);
    }
}
