
namespace DevOpsAgent.Logs.Query;

/// <summary>Cuts Lucene's query language into tokens.</summary>
internal static class QueryStringLexer
{
    private const string Special = "+-!():^[]\"{}~*?\\/ \t\n\r\u3000";

    public static List<QueryStringToken> Tokens(string text)
    {
        var tokens = new List<QueryStringToken>();
        var i = 0;
        while (i < text.Length)
        {
            var c = text[i];
            if (c is ' ' or '\t' or '\n' or '\r' or '\u3000')
            {
                i++;
                continue;
            }

            tokens.Add(Next(text, ref i, c));
        }

        tokens.Add(new(QueryStringKind.End, ""));
        return tokens;
    }

    private static QueryStringToken Next(string text, ref int i, char c)
    {
        switch (c)
        {
            case '+': i++; return new(QueryStringKind.Plus, "+");
            case '-': i++; return new(QueryStringKind.Minus, "-");
            case '!': i++; return new(QueryStringKind.Not, "!");
            case '(': i++; return new(QueryStringKind.Open, "(");
            case ')': i++; return new(QueryStringKind.Close, ")");
            case ':': i++; return new(QueryStringKind.Colon, ":");
            case '^' or '~': return Suffix(text, ref i, c);
            case '"': return Quoted(text, ref i);
            case '/': return Regexp(text, ref i);
            case '[' or '{': return Range(text, ref i);
            case ']' or '}': throw Bad(text);
        }

        if (text.AsSpan(i).StartsWith("&&"))
        {
            i += 2;
            return new(QueryStringKind.And, "&&");
        }

        if (text.AsSpan(i).StartsWith("||"))
        {
            i += 2;
            return new(QueryStringKind.Or, "||");
        }

        return Word(text, ref i);
    }

    public static DslException Bad(string text) => DslException.QueryShard($"Failed to parse query [{text}]");

    private static QueryStringToken Word(string text, ref int i)
    {
        var start = i;
        var wild = 0;
        var lastIsOnlyStar = false;
        while (i < text.Length)
        {
            var c = text[i];
            if (c == '\\')
            {
                i += i + 1 < text.Length ? 2 : throw Bad(text);
                lastIsOnlyStar = false;
                continue;
            }

            if (c is '*' or '?')
            {
                wild++;
                lastIsOnlyStar = c == '*' && wild == 1;
            }
            else if (Special.Contains(c, StringComparison.Ordinal) && (c is not ('+' or '-') || i == start))
            {
                break;
            }
            else
            {
                lastIsOnlyStar = false;
            }

            i++;
        }

        var word = text[start..i];
        return word switch
        {
            "AND" => new(QueryStringKind.And, word),
            "OR" => new(QueryStringKind.Or, word),
            "NOT" => new(QueryStringKind.Not, word),
            "*" => new(QueryStringKind.Star, word),
            _ => new(wild == 0 ? QueryStringKind.Term : lastIsOnlyStar && wild == 1 ? QueryStringKind.Prefix : QueryStringKind.Pattern, word),
        };
    }

    private static QueryStringToken Suffix(string text, ref int i, char mark)
    {
        var start = ++i;
        while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
        {
            i++;
        }

        return mark == '^' && i == start ? throw Bad(text) : new(mark == '^' ? QueryStringKind.Boost : QueryStringKind.Fuzzy, text[start..i]);
    }

    private static QueryStringToken Quoted(string text, ref int i)
    {
        var start = ++i;
        while (i < text.Length && text[i] != '"')
        {
            i += text[i] == '\\' ? 2 : 1;
        }

        return i < text.Length ? new(QueryStringKind.Quoted, text[start..i++]) : throw Bad(text);
    }

    private static QueryStringToken Regexp(string text, ref int i)
    {
        var start = ++i;
        while (i < text.Length && text[i] != '/')
        {
            i += text[i] == '\\' && i + 1 < text.Length && text[i + 1] == '/' ? 2 : 1;
        }

        return i < text.Length ? new(QueryStringKind.Regexp, text[start..i++].Replace("\\/", "/", StringComparison.Ordinal)) : throw Bad(text);
    }

    private static QueryStringToken Range(string text, ref int i)
    {
        var includeFrom = text[i++] == '[';
        var from = Bound(text, ref i);
        if (Bound(text, ref i) != "TO")
        {
            throw Bad(text);
        }

        var to = Bound(text, ref i);
        while (i < text.Length && text[i] == ' ')
        {
            i++;
        }

        return i < text.Length && text[i] is ']' or '}'
            ? new(QueryStringKind.Range, "") { Range = (from, includeFrom, to, text[i++] == ']') }
            : throw Bad(text);
    }

    private static string Bound(string text, ref int i)
    {
        while (i < text.Length && text[i] == ' ')
        {
            i++;
        }

        if (i < text.Length && text[i] == '"')
        {
            return QueryStringToken.Unescape(Quoted(text, ref i).Text);
        }

        var start = i;
        while (i < text.Length && text[i] is not (' ' or ']' or '}'))
        {
            i += text[i] == '\\' && i + 1 < text.Length ? 2 : 1;
        }

        return i > start ? QueryStringToken.Unescape(text[start..i]) : throw Bad(text);
    }
}
