using System.Text;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary>Says of one term, as UTF-8, whether a query means it.</summary>
internal abstract class TermMatcher
{
    public abstract bool IsMatch(ReadOnlySpan<byte> term);

    /// <summary>The one term it means, where it is only one: found by its hash instead of by looking at all.</summary>
    public virtual byte[]? Single => null;
}

/// <summary>Exactly these terms.</summary>
internal sealed class ExactTerms : TermMatcher
{
    private readonly Columns.TextDictionary _terms = new();
    private readonly byte[]? _single;

    public ExactTerms(IReadOnlyCollection<string> terms)
    {
        foreach (var term in terms)
        {
            _terms.Add(Encoding.UTF8.GetBytes(term));
        }

        _single = _terms.Count == 1 ? _terms[0].ToArray() : null;
    }

    public override byte[]? Single => _single;

    public override bool IsMatch(ReadOnlySpan<byte> term) => _terms.Find(term) >= 0;
}

internal sealed class PrefixTerms(string prefix, bool insensitive) : TermMatcher
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);

    public override bool IsMatch(ReadOnlySpan<byte> term) =>
        insensitive ? AsciiFold.StartsWith(term, _prefix) : term.StartsWith(_prefix);
}

/// <summary>One term in any case of its ASCII letters.</summary>
internal sealed class FoldedTerm(string text) : TermMatcher
{
    private readonly byte[] _text = Encoding.UTF8.GetBytes(text);

    public override bool IsMatch(ReadOnlySpan<byte> term) => term.Length == _text.Length && AsciiFold.StartsWith(term, _text);
}

/// <summary>Terms between two, by their UTF-8 bytes.</summary>
internal sealed class TermRange(string? from, bool includeFrom, string? to, bool includeTo) : TermMatcher
{
    private readonly byte[]? _from = from is null ? null : Encoding.UTF8.GetBytes(from);
    private readonly byte[]? _to = to is null ? null : Encoding.UTF8.GetBytes(to);

    public override bool IsMatch(ReadOnlySpan<byte> term) =>
        (_from is null || (term.SequenceCompareTo(_from) is var low && (includeFrom ? low >= 0 : low > 0)))
        && (_to is null || (term.SequenceCompareTo(_to) is var high && (includeTo ? high <= 0 : high < 0)));
}

/// <summary>Bytes equal but for the case of ASCII letters.</summary>
internal static class AsciiFold
{
    public static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> prefix)
    {
        if (text.Length < prefix.Length)
        {
            return false;
        }

        for (var i = 0; i < prefix.Length; i++)
        {
            if (Lower(text[i]) != Lower(prefix[i]))
            {
                return false;
            }
        }

        return true;
    }

    public static byte Lower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;
}
