using System.Globalization;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Analysis;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary><c>query_string</c> to queries on fields. AND and OR bind as in Lucene's classic parser: they mark the clauses beside them, without precedence.</summary>
internal sealed class QueryStringCompiler
{
    private const int MaxDepth = 50;

    private readonly QueryCompiler _compiler;
    private readonly QueryStringQuery _query;
    private readonly List<QueryStringToken> _tokens;
    private readonly bool _lenient;
    private int _at;
    private int _depth;

    public QueryStringCompiler(QueryCompiler compiler, QueryStringQuery query)
    {
        _compiler = compiler;
        _query = query;
        _lenient = query.Lenient || query.Fields.Count == 0;
        _tokens = QueryStringLexer.Tokens(query.Query);
    }

    public QueryNode Compile()
    {
        if (_tokens[0].Kind == QueryStringKind.End)
        {
            return new MatchNoneQuery();
        }

        var node = Clauses(null);
        if (Kind != QueryStringKind.End)
        {
            throw Bad();
        }

        return node is BoolQuery { MinimumShouldMatch: null } clauses && _query.MinimumShouldMatch is { } minimum && clauses.Should.Count > 0 ? clauses with { MinimumShouldMatch = minimum } : node;
    }

    private QueryStringKind Kind => _tokens[_at].Kind;

    private DslException Bad() => QueryStringLexer.Bad(_query.Query);

    private QueryNode Clauses(string? field)
    {
        if (++_depth > MaxDepth)
        {
            throw Bad();
        }

        var clauses = new List<(QueryNode Query, Occur Occur)>();
        while (true)
        {
            var conjunction = QueryStringKind.End;
            if (clauses.Count > 0 && Kind is QueryStringKind.And or QueryStringKind.Or)
            {
                conjunction = _tokens[_at++].Kind;
            }

            var modifier = QueryStringKind.End;
            if (Kind is QueryStringKind.Plus or QueryStringKind.Minus or QueryStringKind.Not)
            {
                modifier = _tokens[_at++].Kind;
            }

            Add(clauses, conjunction, modifier, Clause(field, conjunction == QueryStringKind.End && modifier == QueryStringKind.End));
            if (Kind is QueryStringKind.End or QueryStringKind.Close)
            {
                break;
            }
        }

        _depth--;
        return Combine(clauses);
    }

    private void Add(List<(QueryNode Query, Occur Occur)> clauses, QueryStringKind conjunction, QueryStringKind modifier, QueryNode query)
    {
        if (clauses.Count > 0 && clauses[^1].Occur != Occur.Not)
        {
            if (conjunction == QueryStringKind.And)
            {
                clauses[^1] = (clauses[^1].Query, Occur.Must);
            }
            else if (conjunction == QueryStringKind.Or && _query.DefaultAnd)
            {
                clauses[^1] = (clauses[^1].Query, Occur.Should);
            }
        }

        var occur = modifier is QueryStringKind.Minus or QueryStringKind.Not ? Occur.Not
            : modifier == QueryStringKind.Plus || conjunction == QueryStringKind.And || (_query.DefaultAnd && conjunction != QueryStringKind.Or) ? Occur.Must : Occur.Should;
        clauses.Add((query, occur));
    }

    private static QueryNode Combine(List<(QueryNode Query, Occur Occur)> clauses)
    {
        if (clauses.Count == 1 && clauses[0].Occur != Occur.Not)
        {
            return clauses[0].Query;
        }

        return new BoolQuery
        {
            Must = [.. clauses.Where(static c => c.Occur == Occur.Must).Select(static c => c.Query)],
            Should = [.. clauses.Where(static c => c.Occur == Occur.Should).Select(static c => c.Query)],
            MustNot = [.. clauses.Where(static c => c.Occur == Occur.Not).Select(static c => c.Query)],
        };
    }

    /// <param name="isBare">No operator stands before it: words side by side may be one text.</param>
    private QueryNode Clause(string? field, bool isBare)
    {
        var own = _at;
        if (Kind is QueryStringKind.Term or QueryStringKind.Star && _tokens[_at + 1].Kind == QueryStringKind.Colon)
        {
            field = Kind == QueryStringKind.Star ? "*" : QueryStringToken.Unescape(_tokens[_at].Text);
            _at += 2;
        }
        else if (Kind is QueryStringKind.Pattern or QueryStringKind.Prefix && _tokens[_at + 1].Kind == QueryStringKind.Colon)
        {
            field = QueryStringToken.Unescape(_tokens[_at].Text);
            _at += 2;
        }

        if (Kind == QueryStringKind.Open)
        {
            _at++;
            var inner = Clauses(field);
            if (Kind != QueryStringKind.Close)
            {
                throw Bad();
            }

            _at++;
            return Boosted(inner);
        }

        return Leaf(field, isBare && own == _at);
    }

    private QueryNode Boosted(QueryNode node) =>
        Kind == QueryStringKind.Boost ? node with { Boost = node.Boost * float.Parse(_tokens[_at++].Text, CultureInfo.InvariantCulture) } : node;

    private QueryNode Leaf(string? field, bool mayGroup)
    {
        var token = _tokens[_at];
        if (token.Kind is QueryStringKind.End or QueryStringKind.Close or QueryStringKind.Colon or QueryStringKind.And or QueryStringKind.Or or QueryStringKind.Boost or QueryStringKind.Fuzzy
            or QueryStringKind.Plus or QueryStringKind.Minus or QueryStringKind.Not)
        {
            throw Bad();
        }

        _at++;
        string? fuzzy = null;
        var text = token.Text;
        if (token.Kind == QueryStringKind.Term && mayGroup)
        {
            // Words side by side are one text: each field analyses it as a whole.
            while (Kind == QueryStringKind.Term && _tokens[_at + 1].Kind is not (QueryStringKind.Colon or QueryStringKind.Star or QueryStringKind.Fuzzy or QueryStringKind.Boost or QueryStringKind.And or QueryStringKind.Or))
            {
                text += " " + _tokens[_at++].Text;
            }
        }

        if (Kind == QueryStringKind.Fuzzy)
        {
            fuzzy = _tokens[_at++].Text;
        }

        return Boosted(Leaf(field, token, text, fuzzy));
    }

    private QueryNode Leaf(string? field, QueryStringToken token, string text, string? fuzzy)
    {
        if (token.Kind == QueryStringKind.Star)
        {
            return field is null or "*" ? new MatchAllQuery() : new ExistsQuery(field);
        }

        if (field == "_exists_")
        {
            return new ExistsQuery(QueryStringToken.Unescape(text));
        }

        if (token.Kind == QueryStringKind.Term && field is not null && text.Length > 1 && text[0] is '>' or '<')
        {
            return OneSided(field, QueryStringToken.Unescape(text));
        }

        return token.Kind switch
        {
            QueryStringKind.Term when fuzzy is not null => Each(field, f => Near(f, QueryStringToken.Unescape(text), fuzzy)),
            QueryStringKind.Term => Each(field, f => new MatchQuery(f.Name, Literal.Of(QueryStringToken.Unescape(text))) { AllTerms = _query.DefaultAnd, Lenient = _lenient, Kind = TypeKind() }),
            QueryStringKind.Quoted when fuzzy is { Length: > 0 } and not "0" => throw DslException.NotSupported("query_string phrase slop"),
            QueryStringKind.Quoted => _query.PhraseSlop > 0 ? throw DslException.NotSupported("query_string.phrase_slop")
                : Each(field, f => new MatchQuery(f.Name, Literal.Of(QueryStringToken.Unescape(text))) { Kind = MatchKind.Phrase, Lenient = _lenient }),
            QueryStringKind.Prefix => Each(field, f => Prefix(f, text)),
            QueryStringKind.Pattern => text[0] is '*' or '?' && !_query.AllowLeadingWildcard
                ? throw Bad() : Each(field, f => Wildcard(f, text)),
            QueryStringKind.Regexp => Each(field, f => f.Type is FieldType.Keyword or FieldType.Text || !_lenient ? new RegexpQuery(f.Name, text) : new MatchNoneQuery()),
            _ => Each(field, f => Bounded(f.Name, token.Range)),
        };
    }

    private MatchKind TypeKind() => _query.Type switch { "phrase" => MatchKind.Phrase, "phrase_prefix" => MatchKind.PhrasePrefix, _ => MatchKind.Terms };

    private QueryNode Near(FieldMapping field, string text, string fuzzy)
    {
        if (field.Type is not (FieldType.Text or FieldType.Keyword))
        {
            return _lenient ? new MatchNoneQuery() : new FuzzyQuery(field.Name, text);
        }

        var fuzziness = fuzzy.Length == 0 ? _query.Fuzziness : fuzzy;
        return new FuzzyQuery(field.Name, field.Type == FieldType.Text ? StandardTokenizer.Lower(text) : text) { Fuzziness = fuzziness };
    }

    private QueryNode Prefix(FieldMapping field, string text)
    {
        var prefix = QueryStringToken.Unescape(text[..^1]);
        return field.Type switch
        {
            FieldType.Text => new PrefixQuery(field.Name, StandardTokenizer.Lower(prefix)),
            FieldType.Ip => new MatchNoneQuery(),
            FieldType.Keyword => new PrefixQuery(field.Name, prefix),
            _ => _lenient ? new MatchNoneQuery() : new PrefixQuery(field.Name, prefix),
        };
    }

    private QueryNode Wildcard(FieldMapping field, string text) => field.Type switch
    {
        FieldType.Text => new WildcardQuery(field.Name, StandardTokenizer.Lower(text)),
        FieldType.Keyword => new WildcardQuery(field.Name, text),
        _ => _lenient ? new MatchNoneQuery() : new WildcardQuery(field.Name, text),
    };

    private QueryNode OneSided(string field, string text)
    {
        var included = text.Length > 1 && text[1] == '=';
        var value = Literal.Of(text[(included ? 2 : 1)..]);
        return Each(field, f => text[0] == '>'
            ? new RangeQuery(f.Name) { From = value, IncludeFrom = included, TimeZone = Zone(f) }
            : new RangeQuery(f.Name) { To = value, IncludeTo = included, TimeZone = Zone(f) });
    }

    private RangeQuery Bounded(string field, (string From, bool IncludeFrom, string To, bool IncludeTo) range) => new(field)
    {
        From = range.From == "*" ? null : Literal.Of(range.From),
        To = range.To == "*" ? null : Literal.Of(range.To),
        IncludeFrom = range.IncludeFrom,
        IncludeTo = range.IncludeTo,
        TimeZone = _compiler.Find(field) is { } mapping ? Zone(mapping) : null,
    };

    private string? Zone(FieldMapping field) => field.Type == FieldType.Date ? _query.TimeZone : null;

    /// <summary>One query per field that the name stands for, the best of them counts.</summary>
    private QueryNode Each(string? field, Func<FieldMapping, QueryNode> make)
    {
        var fields = field is null ? _compiler.Expand(_query.Fields)
            : NamePattern.HasWildcard(field) ? _compiler.Expand([new(field, 1f)])
            : _compiler.Find(field) is { } single ? [(single, 1f)] : [];
        var queries = new List<QueryNode>();
        foreach (var (mapping, boost) in fields)
        {
            var query = make(mapping);
            query = query with { Boost = query.Boost * boost };
            if (!_lenient)
            {
                queries.Add(query);
                continue;
            }

            try
            {
                queries.Add(new PlacedWeight(_compiler.Compile(query)));
            }
            catch (DslException e) when (e.OnShard)
            {
                // A text that isn't a date or a number simply isn't in such fields.
            }
        }

        return queries.Count switch
        {
            0 => new MatchNoneQuery(),
            1 => queries[0],
            _ => new DisMaxQuery(queries, _query.Type == "most_fields" ? _query.TieBreaker ?? 1f : _query.TieBreaker ?? 0f),
        };
    }

    private enum Occur : byte
    {
        Should,
        Must,
        Not,
    }
}
