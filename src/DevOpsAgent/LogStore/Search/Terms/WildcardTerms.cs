using System.Text;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary><c>*</c> for anything, <c>?</c> for one character, <c>\</c> before a literal one. Never worse than the product of the lengths.</summary>
internal sealed class WildcardTerms : TermMatcher
{
    private const int Star = -1;
    private const int One = -2;

    private readonly int[] _pattern;
    private readonly bool _insensitive;
    private readonly byte[]? _infix;

    public WildcardTerms(string pattern, bool insensitive)
    {
        _insensitive = insensitive;
        var steps = new List<int>();
        var runes = pattern.EnumerateRunes().ToList();
        for (var i = 0; i < runes.Count; i++)
        {
            var value = runes[i].Value;
            if (value == '\\' && i + 1 < runes.Count)
            {
                value = runes[++i].Value;
            }
            else if (value is '*' or '?')
            {
                if (value == '*' && steps.Count > 0 && steps[^1] == Star)
                {
                    continue;
                }

                steps.Add(value == '*' ? Star : One);
                continue;
            }

            foreach (var b in Encoding.UTF8.GetBytes(new Rune(value).ToString()))
            {
                steps.Add(insensitive ? AsciiFold.Lower(b) : b);
            }
        }

        _pattern = [.. steps];

        // *abc* is a plain search, by far the most common pattern.
        if (!insensitive && _pattern.Length > 2 && _pattern[0] == Star && _pattern[^1] == Star && _pattern[1..^1].All(static s => s >= 0))
        {
            _infix = [.. _pattern[1..^1].Select(static s => (byte)s)];
        }
    }

    public override bool IsMatch(ReadOnlySpan<byte> term)
    {
        if (_infix is not null)
        {
            return term.IndexOf(_infix) >= 0;
        }

        int p = 0, t = 0, star = -1, mark = 0;
        while (t < term.Length)
        {
            if (p < _pattern.Length && _pattern[p] == Star)
            {
                star = p++;
                mark = t;
            }
            else if (p < _pattern.Length && _pattern[p] == One)
            {
                p++;
                t += RuneLength(term[t]);
            }
            else if (p < _pattern.Length && _pattern[p] == (_insensitive ? AsciiFold.Lower(term[t]) : term[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                mark += RuneLength(term[mark]);
                t = mark;
            }
            else
            {
                return false;
            }
        }

        while (p < _pattern.Length && _pattern[p] == Star)
        {
            p++;
        }

        return p == _pattern.Length && t == term.Length;
    }

    private static int RuneLength(byte first) => first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}
