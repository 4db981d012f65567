using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Analysis;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary><c>simple_query_string</c>: + and, | or, - not, "phrase", word*, word~1, ( ). What doesn't parse is skipped.</summary>
internal sealed class SimpleQueryStringCompiler
{
    private const int MaxDepth = 50;

    private readonly SimpleQueryStringQuery _query;
    private readonly string _text;
    private readonly bool _lenient;
    private readonly List<(FieldMapping Field, float Boost)> _fields;

    public SimpleQueryStringCompiler(QueryCompiler compiler, SimpleQueryStringQuery query)
    {
        if (query.Flags is not ("ALL" or "-1"))
        {
            throw DslException.NotSupported("simple_query_string.flags");
        }

        _query = query;
        _text = query.Query;
        _lenient = query.Lenient || query.Fields.Count == 0;
        _fields = compiler.Expand(query.Fields);
    }

    public QueryNode Compile()
    {
        var at = 0;
        var node = Sequence(ref at, _text.Length, 0) ?? new MatchNoneQuery();
        return node is BoolQuery clauses && _query.MinimumShouldMatch is { } minimum && clauses.Should.Count > 0 ? clauses with { MinimumShouldMatch = minimum } : node;
    }

    /// <summary>Lucene's SimpleQueryParser: each new clause joins the tree so far under the operator that stood before it.</summary>
    private QueryNode? Sequence(ref int at, int end, int depth)
    {
        QueryNode? top = null;
        bool? previous = null;
        bool? current = null;
        var nots = 0;
        while (at < end)
        {
            var c = _text[at];
            QueryNode? branch = null;
            switch (c)
            {
                case '(' when depth < MaxDepth: branch = Group(ref at, end, depth); break;
                case ')':
                    at++;
                    continue;
                case '"': branch = Phrase(ref at, end); break;
                case '+' or '|':
                    at++;
                    if (current is null && top is not null)
                    {
                        current = c == '+';
                    }

                    continue;
                case '-':
                    at++;
                    nots++;
                    continue;
                case ' ' or '\t' or '\n' or '\r':
                    at++;
                    continue;
                default: branch = Word(ref at, end); break;
            }

            if (branch is null)
            {
                nots = 0;
                continue;
            }

            Join(ref top, ref previous, ref current, branch, nots % 2 == 1);
            nots = 0;
        }

        return top;
    }

    private void Join(ref QueryNode? top, ref bool? previous, ref bool? current, QueryNode branch, bool negated)
    {
        if (negated)
        {
            // A lone "not" means: everything but.
            branch = new BoolQuery { MustNot = [branch], Should = [new MatchAllQuery()] };
        }

        if (top is null)
        {
            top = branch;
            return;
        }

        current ??= _query.DefaultAnd;
        var and = current.Value;
        if (previous != and)
        {
            top = and ? new BoolQuery { Must = [top] } : new BoolQuery { Should = [top] };
        }

        top = top is BoolQuery list ? and ? list with { Must = [.. list.Must, branch] } : list with { Should = [.. list.Should, branch] } : top;
        previous = and;
        current = null;
    }

    private QueryNode? Group(ref int at, int end, int depth)
    {
        var open = 1;
        var i = at + 1;
        for (; i < end && open > 0; i++)
        {
            if (_text[i] == '\\')
            {
                i++;
            }
            else if (_text[i] is '(' or ')')
            {
                open += _text[i] == '(' ? 1 : -1;
            }
        }

        if (open > 0)
        {
            // No closing one: the bracket itself is nothing.
            at++;
            return null;
        }

        var inner = at + 1;
        at = i;
        return Sequence(ref inner, i - 1, depth + 1);
    }

    private QueryNode? Phrase(ref int at, int end)
    {
        var text = new System.Text.StringBuilder();
        for (var i = at + 1; i < end; i++)
        {
            if (_text[i] == '\\' && i + 1 < end)
            {
                text.Append(_text[++i]);
                continue;
            }

            if (_text[i] == '"')
            {
                at = i + 1;
                if (at < end && _text[at] == '~')
                {
                    throw DslException.NotSupported("simple_query_string phrase slop");
                }

                return text.Length == 0 ? null : Each(f => new MatchQuery(f.Name, Literal.Of(text.ToString())) { Kind = MatchKind.Phrase, Lenient = _lenient });
            }

            text.Append(_text[i]);
        }

        at++;
        return null;
    }

    private QueryNode? Word(ref int at, int end)
    {
        var text = new System.Text.StringBuilder();
        var prefix = false;
        string? fuzzy = null;
        while (at < end)
        {
            var c = _text[at];
            if (c == '\\' && at + 1 < end)
            {
                text.Append(_text[at + 1]);
                at += 2;
                prefix = false;
                continue;
            }

            if (c is '"' or '|' or '+' or '(' or ')' or ' ' or '\t' or '\n' or '\r')
            {
                break;
            }

            if (c == '~' && text.Length > 0)
            {
                var digits = at + 1;
                while (digits < end && char.IsAsciiDigit(_text[digits]))
                {
                    digits++;
                }

                if (digits == end || _text[digits] is ' ' or '|' or '+' or ')')
                {
                    fuzzy = _text[(at + 1)..digits];
                    at = digits;
                    break;
                }
            }

            prefix = c == '*' && text.Length > 0;
            text.Append(c);
            at++;
        }

        var word = text.ToString();
        if (word.Length == 0)
        {
            return null;
        }

        return fuzzy is not null ? Each(f => Near(f, word, fuzzy))
            : prefix ? Each(f => Prefix(f, word[..^1]))
            : Each(f => new MatchQuery(f.Name, Literal.Of(word)) { AllTerms = _query.DefaultAnd, Lenient = _lenient });
    }

    private static QueryNode Near(FieldMapping field, string word, string fuzzy) => field.Type is FieldType.Text or FieldType.Keyword
        ? new FuzzyQuery(field.Name, field.Type == FieldType.Text ? StandardTokenizer.Lower(word) : word) { Fuzziness = fuzzy.Length == 0 ? "2" : int.Parse(fuzzy, System.Globalization.CultureInfo.InvariantCulture) > 2 ? "2" : fuzzy }
        : new MatchNoneQuery();

    private QueryNode Prefix(FieldMapping field, string word) => field.Type is FieldType.Text or FieldType.Keyword || !_lenient
        ? new PrefixQuery(field.Name, field.Type == FieldType.Text ? StandardTokenizer.Lower(word) : word)
        : new MatchNoneQuery();

    private QueryNode Each(Func<FieldMapping, QueryNode> make)
    {
        List<QueryNode> queries = [.. _fields.Select(f => make(f.Field) with { Boost = f.Boost })];
        return queries.Count switch
        {
            0 => new MatchNoneQuery(),
            1 => queries[0],
            _ => new BoolQuery { Should = queries },
        };
    }
}
