using System.Globalization;
using System.Text;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary>Lucene's regular expressions to .NET's. They match whole terms, have no anchors, and bring <c>&lt;1-99&gt;</c>, <c>@</c> and <c>"…"</c>.</summary>
internal sealed class RegexpTranslation
{
    /// <summary>Elasticsearch's own bound (index.max_regex_length).</summary>
    public const int MaxLength = 1000;

    /// <summary>A character, not half of one.</summary>
    private const string AnyCharacter = @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[\s\S])";

    private readonly string _pattern;
    private readonly bool _insensitive;
    private readonly HashSet<string> _flags;
    private readonly int _maxStates;
    private int _at;
    private int _depth;

    private RegexpTranslation(string pattern, string flags, bool insensitive, int maxStates)
    {
        _pattern = pattern;
        _insensitive = insensitive;
        _flags = [.. flags.Split('|').Select(static f => f.Trim().ToUpperInvariant())];
        foreach (var flag in _flags)
        {
            if (flag is not ("ALL" or "NONE" or "INTERSECTION" or "COMPLEMENT" or "EMPTY" or "ANYSTRING" or "AUTOMATON" or "INTERVAL"))
            {
                throw DslException.QueryShard($"failed to create query: Unknown regexp flag [{flag}]");
            }
        }

        _maxStates = maxStates;
    }

    public static string Translate(string pattern, string flags, bool insensitive, int maxStates)
    {
        if (pattern.Length > MaxLength)
        {
            throw DslException.QueryShard($"failed to create query: The length of regex [{pattern.Length}] used in the Regexp Query request has exceeded the allowed maximum of [{MaxLength}]. This maximum can be set by changing the [index.max_regex_length] index level setting.");
        }

        var translation = new RegexpTranslation(pattern, flags, insensitive, maxStates);
        if (pattern.Length == 0)
        {
            return @"\A\z";
        }

        var (text, _) = translation.Union();
        return translation._at < pattern.Length
            ? throw Bad($"end-of-string expected at position {translation._at}")
            : $@"\A(?:{text})\z";
    }

    private static DslException Bad(string reason) => DslException.QueryShard($"failed to create query: {reason}");

    private bool Has(string flag) => _flags.Contains("ALL") || _flags.Contains(flag);

    private bool Next(char c) => _at < _pattern.Length && _pattern[_at] == c;

    private (string Text, long States) Union()
    {
        if (++_depth > 100)
        {
            throw Bad("groups are nested too deep");
        }

        var (text, states) = Intersection();
        while (Next('|'))
        {
            _at++;
            var (other, more) = Intersection();
            text += "|" + other;
            states += more;
        }

        _depth--;
        return (text, states);
    }

    private (string Text, long States) Intersection()
    {
        var text = new StringBuilder();
        long states = 0;
        while (_at < _pattern.Length && _pattern[_at] is not (')' or '|'))
        {
            if (Next('&') && Has("INTERSECTION"))
            {
                throw DslException.NotSupported("regexp intersection (&)");
            }

            var (part, more) = Repeated();
            text.Append(part);
            states = Bounded(states + more);
        }

        return text.Length > 0 ? (text.ToString(), states) : throw Bad(_at < _pattern.Length ? $"unexpected '{_pattern[_at]}' at position {_at}" : "unexpected end-of-string");
    }

    private long Bounded(long states) => states <= _maxStates ? states
        : throw DslException.QueryShard($"failed to create query: Determinizing automaton [{_pattern}] would require more than {_maxStates} effort.");

    private (string Text, long States) Repeated()
    {
        var (text, states) = Complement();
        while (_at < _pattern.Length && _pattern[_at] is '?' or '*' or '+' or '{')
        {
            if (_pattern[_at] != '{')
            {
                text = $"(?:{text}){_pattern[_at++]}";
                continue;
            }

            var end = _pattern.IndexOf('}', _at);
            var range = end < 0 ? throw Bad($"expected '}}' at position {_pattern.Length}") : _pattern[(_at + 1)..end];
            var comma = range.IndexOf(',', StringComparison.Ordinal);
            var least = Number(comma < 0 ? range : range[..comma]);
            var most = comma < 0 ? least : comma == range.Length - 1 ? -1 : Number(range[(comma + 1)..]);
            if (most >= 0 && most < least)
            {
                throw Bad($"invalid repetition range(out of order): {least}..{most}");
            }

            _at = end + 1;
            states = Bounded(states * Math.Max(1, Math.Max(least, most)));
            text = $"(?:{text}){{{least}{(comma < 0 ? "" : ",")}{(comma < 0 || most < 0 ? "" : most.ToString(CultureInfo.InvariantCulture))}}}";
        }

        return (text, states);
    }

    private int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= _maxStates ? number
        : text.Length is > 0 and < 12 && text.All(char.IsAsciiDigit) ? (int)Bounded(long.Parse(text, CultureInfo.InvariantCulture)) : throw Bad($"integer expected at position {_at}");

    private (string Text, long States) Complement() => Next('~') && Has("COMPLEMENT") ? throw DslException.NotSupported("regexp complement (~)") : Single();

    private (string Text, long States) Single()
    {
        var c = _pattern[_at];
        switch (c)
        {
            case '[': return (CharacterClass(), 1);
            case '.':
                _at++;
                return (AnyCharacter, 1);
            case '#' when Has("EMPTY"):
                _at++;
                return (@"[^\s\S]", 1);
            case '@' when Has("ANYSTRING"):
                _at++;
                return (@"[\s\S]*", 1);
            case '"':
                var end = _pattern.IndexOf('"', _at + 1);
                var literal = end < 0 ? throw Bad($"expected '\"' at position {_pattern.Length}") : _pattern[(_at + 1)..end];
                _at = end + 1;
                return ($"(?:{string.Concat(literal.Select(Literal))})", literal.Length + 1);
            case '(':
                _at++;
                if (Next(')'))
                {
                    _at++;
                    return ("(?:)", 1);
                }

                var inner = Union();
                if (!Next(')'))
                {
                    throw Bad($"expected ')' at position {_at}");
                }

                _at++;
                return ($"(?:{inner.Text})", inner.States);
            case '<' when Has("INTERVAL") || Has("AUTOMATON"): return (RegexpInterval.Read(_pattern, ref _at), 20);
            case '\\': return (Escape(inClass: false), 1);
            default:
                var rune = Rune.GetRuneAt(_pattern, _at);
                _at += rune.Utf16SequenceLength;
                return (rune.Utf16SequenceLength == 2 ? $"(?:{rune})" : Literal(c), 1);
        }
    }

    private string Literal(char c) => _insensitive && char.IsAsciiLetter(c) ? $"[{char.ToLowerInvariant(c)}{char.ToUpperInvariant(c)}]" : Quoted(c);

    private static string Quoted(char c) => char.IsAsciiLetterOrDigit(c) ? c.ToString() : $"\\u{(int)c:X4}";

    private string Escape(bool inClass)
    {
        if (++_at >= _pattern.Length)
        {
            throw Bad("unexpected end-of-string");
        }

        var c = _pattern[_at++];
        var set = c switch { 'd' => "0-9", 'w' => "A-Za-z0-9_", 's' => @" \t\n\r", _ => null };
        if (set is not null)
        {
            return inClass ? set : $"[{set}]";
        }

        var negated = c switch { 'D' => "[^0-9]", 'W' => "[^A-Za-z0-9_]", 'S' => @"[^ \t\n\r]", _ => null };
        return negated is not null && inClass ? throw DslException.NotSupported($"regexp \\{c} in a character class")
            : negated ?? (inClass ? Quoted(c) : Literal(c));
    }

    private string CharacterClass()
    {
        var text = new StringBuilder("[");
        _at++;
        if (Next('^'))
        {
            text.Append('^');
            _at++;
        }

        var any = false;
        while (!Next(']') || !any)
        {
            if (_at >= _pattern.Length)
            {
                throw Bad($"expected ']' at position {_at}");
            }

            any = true;
            if (Next('\\') && _at + 1 < _pattern.Length && _pattern[_at + 1] is 'd' or 'w' or 's' or 'D' or 'W' or 'S')
            {
                text.Append(Escape(inClass: true));
                continue;
            }

            var from = ClassCharacter();
            var to = from;
            if (Next('-') && _at + 1 < _pattern.Length && _pattern[_at + 1] != ']')
            {
                _at++;
                to = ClassCharacter();
            }

            if (from > to)
            {
                throw Bad($"invalid range: from ({(int)from}) cannot be > to ({(int)to})");
            }

            text.Append(Quoted(from)).Append('-').Append(Quoted(to));
            if (_insensitive)
            {
                Fold(text, from, to);
            }
        }

        _at++;
        return text.Append(']').ToString();
    }

    private static void Fold(StringBuilder text, char from, char to)
    {
        for (var c = 'a'; c <= 'z'; c++)
        {
            var upper = char.ToUpperInvariant(c);
            if (c >= from && c <= to)
            {
                text.Append(upper);
            }

            if (upper >= from && upper <= to)
            {
                text.Append(c);
            }
        }
    }

    private char ClassCharacter()
    {
        if (Next('\\'))
        {
            _at++;
        }

        return _at < _pattern.Length ? _pattern[_at++] : throw Bad("unexpected end-of-string");
    }
}
