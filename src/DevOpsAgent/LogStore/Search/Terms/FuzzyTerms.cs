using System.Text;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary>Terms within so many edits (insert, delete, change, and swap of neighbours) of one.</summary>
internal sealed class FuzzyTerms : TermMatcher
{
    private readonly int[] _term;
    private readonly int _edits;
    private readonly int _prefix;
    private readonly bool _transpositions;

    public FuzzyTerms(string term, int edits, int prefixLength, bool transpositions)
    {
        _term = [.. term.EnumerateRunes().Select(static r => r.Value)];
        _edits = edits;
        _prefix = Math.Min(prefixLength, _term.Length);
        _transpositions = transpositions;
    }

    public override bool IsMatch(ReadOnlySpan<byte> term) => Distance(term) <= _edits;

    /// <summary>Edits from the query's term, or more than allowed.</summary>
    public int Distance(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > (_term.Length + _edits) * 4)
        {
            return _edits + 1;
        }

        var other = new List<int>(utf8.Length);
        while (!utf8.IsEmpty)
        {
            Rune.DecodeFromUtf8(utf8, out var rune, out var used);
            other.Add(rune.Value);
            utf8 = utf8[used..];
        }

        if (Math.Abs(other.Count - _term.Length) > _edits || other.Count < _prefix)
        {
            return _edits + 1;
        }

        for (var i = 0; i < _prefix; i++)
        {
            if (other[i] != _term[i])
            {
                return _edits + 1;
            }
        }

        return Table(other);
    }

    private int Table(List<int> other)
    {
        var width = other.Count + 1;
        var table = new int[(_term.Length + 1) * width];
        for (var i = 0; i <= _term.Length; i++)
        {
            for (var j = 0; j < width; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[(i * width) + j] = i + j;
                    continue;
                }

                var cost = _term[i - 1] == other[j - 1] ? 0 : 1;
                var best = Math.Min(Math.Min(table[((i - 1) * width) + j] + 1, table[(i * width) + j - 1] + 1), table[((i - 1) * width) + j - 1] + cost);
                if (_transpositions && i > 1 && j > 1 && _term[i - 1] == other[j - 2] && _term[i - 2] == other[j - 1])
                {
                    best = Math.Min(best, table[((i - 2) * width) + j - 2] + 1);
                }

                table[(i * width) + j] = best;
            }
        }

        return table[^1];
    }
}
