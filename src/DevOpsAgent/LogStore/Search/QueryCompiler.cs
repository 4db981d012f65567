using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search.Terms;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Makes queries ready for one index: resolves fields, reads values by their types, and weighs terms where scores are wanted.</summary>
internal sealed partial class QueryCompiler
{
    /// <summary>Elasticsearch's own bound (index.max_terms_count).</summary>
    private const int MaxTerms = 65_536;

    private readonly IndexView _view;
    private readonly long _now;
    private readonly bool _scores;
    private readonly Dictionary<string, TextStatistics> _statistics = new(StringComparer.Ordinal);
    private readonly List<(string Name, Weight Weight)> _named = [];

    /// <param name="now">UTC milliseconds, for date math.</param>
    /// <param name="scores">False where nobody looks at them: counting terms is then saved.</param>
    public QueryCompiler(IndexView view, long now, bool scores)
    {
        _view = view;
        _now = now;
        _scores = scores;
    }

    public IReadOnlyList<(string Name, Weight Weight)> Named => _named;

    public Weight Compile(QueryNode query, float boost = 1f)
    {
        var weight = One(query, boost * query.Boost);
        if (query.Name is { } name)
        {
            _named.Add((name, weight));
        }

        return weight;
    }

    private Weight One(QueryNode query, float boost) => query switch
    {
        MatchAllQuery => new AllWeight(_view, boost),
        MatchNoneQuery => new NoneWeight(_view),
        TermQuery q => Term(q, boost),
        TermsQuery q => Terms(q, boost),
        RangeQuery q => Range(q, boost),
        PrefixQuery q => Pattern(q.Field, "prefix", new PrefixTerms(q.Value, q.CaseInsensitive), boost),
        WildcardQuery q => Pattern(q.Field, "wildcard", new WildcardTerms(q.Value, q.CaseInsensitive), boost),
        RegexpQuery q => Pattern(q.Field, "regexp", new RegexpTerms(q.Value, q.Flags, q.CaseInsensitive, q.MaxDeterminizedStates), boost),
        FuzzyQuery q => Fuzzy(q, boost),
        ExistsQuery q => Exists(q, boost),
        IdsQuery q => Ids(q.Values, boost),
        BoolQuery q => Bool(q, boost),
        ConstantScoreQuery q => new ConstantWeight(Compile(q.Filter), boost),
        BoostingQuery q => new BoostingWeight(Compile(q.Positive), Compile(q.Negative), q.NegativeBoost, boost),
        DisMaxQuery q => new DisMaxWeight(_view, [.. q.Queries.Select(c => Compile(c, boost))], q.TieBreaker),
        FunctionScoreQuery q => new FunctionScoreWeight(Compile(q.Query), [.. q.Functions.Select(f => (Compile(f.Filter), f.Weight))], q, boost),
        MatchQuery q => Match(q, boost),
        MultiMatchQuery q => MultiMatch(q, boost),
        QueryStringQuery q => Compile(new QueryStringCompiler(this, q).Compile(), boost),
        SimpleQueryStringQuery q => Compile(new SimpleQueryStringCompiler(this, q).Compile(), boost),
        PlacedWeight q => q.Weight,
        _ => throw DslException.NotSupported(query.GetType().Name),
    };

    public FieldMapping? Find(string field) => _view.Find(field);

    public IndexView View => _view;

    private Weight None() => new NoneWeight(_view);

    private ColumnWeight Column(float score, Func<Segment, Bits> find) => new(_view, score, find);

    private Weight Bool(BoolQuery query, float boost)
    {
        var must = query.Must.Select(q => Compile(q, boost)).ToArray();
        var filter = query.Filter.Select(q => Compile(q)).ToArray();
        var should = query.Should.Select(q => Compile(q, boost)).ToArray();
        var mustNot = query.MustNot.Select(q => Compile(q)).ToArray();
        if (must.Length + filter.Length + should.Length + mustNot.Length == 0)
        {
            return new AllWeight(_view, boost);
        }

        var minimum = query.MinimumShouldMatch is { } text ? MinimumShouldMatch.Read(text, should.Length)
            : should.Length > 0 && must.Length + filter.Length == 0 ? 1 : 0;
        if (should.Length > 0 && must.Length + filter.Length == 0)
        {
            minimum = Math.Max(minimum, 1);
        }

        // Only must_not: what is left all scores the same.
        if (must.Length + filter.Length + should.Length == 0)
        {
            return new ConstantWeight(new BoolWeight(_view, [], [], [], mustNot, 0), 0f);
        }

        return new BoolWeight(_view, must, filter, should, mustNot, minimum);
    }

    private Weight Term(TermQuery query, float boost)
    {
        if (query.Field == "_index")
        {
            return NamePattern.IsMatch(query.Value.Text, _view.Index.Name) ? new AllWeight(_view, boost) : None();
        }

        if (query.Field == "_id")
        {
            return Ids([query.Value.Text], boost);
        }

        if (Find(query.Field) is not { } field)
        {
            return None();
        }

        return query.CaseInsensitive && field.Type is FieldType.Keyword or FieldType.Text
            ? Pattern(query.Field, "term", new FoldedTerm(query.Value.Text), boost)
            : query.CaseInsensitive ? throw DslException.QueryShard($"failed to create query: [{query.Field}] field which is of type [{field.Type.Name()}], does not support case insensitive term queries")
            : Value(field, query.Value, boost);
    }

    /// <summary>One exact value of a field.</summary>
    public Weight Value(FieldMapping field, Literal value, float boost)
    {
        switch (field.Type)
        {
            case FieldType.Text: return Words(field, value.Text, boost);
            case FieldType.Keyword: return Keyword(field, new ExactTerms([value.Text]), boost);
            case FieldType.Ip:
                var (first, last) = Addresses(value.Text);
                return Column(boost, s => Scan.Addresses(s, field, a => a >= first && a <= last));
            case FieldType.Date:
                return Range(new(field.Name) { From = value, To = value }, boost);
            default:
                if (!NumberText.TryPoint(field, value, out var number))
                {
                    return None();
                }

                var weight = Column(boost, s => Scan.Numbers(s, field, number, number));
                if (field.Type == FieldType.Boolean && _scores)
                {
                    var docs = _view.Segments.Sum(s => (long)Scan.Any(s, field).Count());
                    var matching = _view.Segments.Sum(s => (long)Scan.Numbers(s, field, number, number).Count());
                    var bm25 = new Bm25(docs, docs);
                    weight.Constant = bm25.Score(bm25.Weight(matching, boost), 1, 1);
                }

                return weight;
        }
    }

    private static (Addresses.ClientAddress First, Addresses.ClientAddress Last) Addresses(string text) =>
        text.Contains('/', StringComparison.Ordinal)
            ? IpText.TryParseBlock(text, out var first, out var last) ? (first, last) : throw DslException.QueryShard($"failed to create query: '{text}' is not an IP string literal.")
            : IpText.TryParse(text, out var address) ? (address, address) : throw DslException.QueryShard($"failed to create query: '{text}' is not an IP string literal.");

    private Weight Terms(TermsQuery query, float boost)
    {
        if (query.Field is "_index" or "_id")
        {
            return query.Field == "_id" ? Ids([.. query.Values.Select(static v => v.Text)], boost)
                : query.Values.Any(v => v.Text == _view.Index.Name) ? new AllWeight(_view, boost) : None();
        }

        if (query.Values.Count > MaxTerms)
        {
            throw DslException.QueryShard($"failed to create query: The number of terms [{query.Values.Count}] used in the Terms Query request has exceeded the allowed maximum of [{MaxTerms}]. This maximum can be set by changing the [index.max_terms_count] index level setting.");
        }

        if (Find(query.Field) is not { } field || query.Values.Count == 0)
        {
            return None();
        }

        if (field.Type is FieldType.Keyword or FieldType.Text)
        {
            var exact = new ExactTerms([.. query.Values.Select(static v => v.Text)]);
            return field.Type == FieldType.Keyword ? Column(boost, s => Scan.Texts(s, field, exact)) : Column(boost, s => WordDocs(s, field, exact));
        }

        if (field.Type == FieldType.Ip)
        {
            var blocks = query.Values.Select(static v => Addresses(v.Text)).ToArray();
            return Column(boost, s => Scan.Addresses(s, field, a => blocks.Any(b => a >= b.First && a <= b.Last)));
        }

        var weights = query.Values.Select(v => Value(field, v, boost)).ToArray();
        return new ConstantWeight(new BoolWeight(_view, [], [], weights, [], 1), boost);
    }

    private Weight Exists(ExistsQuery query, float boost)
    {
        if (query.Field is "_id" or "_index" or "_source" or "_version" or "_seq_no")
        {
            return new AllWeight(_view, boost);
        }

        var prefix = query.Field + ".";
        FieldMapping[] fields = Find(query.Field) is { } field ? [field]
            : NamePattern.HasWildcard(query.Field) ? [.. _view.Index.Mapping.Matching(query.Field)]
            : _view.Index.Mapping.IsObject(query.Field) ? [.. _view.Index.Mapping.Fields.Values.Where(f => f.Name.StartsWith(prefix, StringComparison.Ordinal))] : [];
        return fields.Length == 0 ? None() : Column(boost, s =>
        {
            var bits = Scan.Any(s, fields[0]);
            foreach (var other in fields.Skip(1))
            {
                bits.Or(Scan.Any(s, other));
            }

            return bits;
        });
    }

    private ColumnWeight Ids(IReadOnlyList<string> ids, float boost)
    {
        var places = ids.Distinct(StringComparer.Ordinal).Select(_view.Index.Find).OfType<DocumentPlace>().ToList();
        return Column(boost, s =>
        {
            var bits = new Bits(s.Count);
            foreach (var place in places.Where(p => p.Segment == s))
            {
                bits.Set(place.Doc);
            }

            return bits;
        });
    }

    private Weight Pattern(string name, string kind, TermMatcher matcher, float boost)
    {
        if (name == "_index")
        {
            return matcher.IsMatch(System.Text.Encoding.UTF8.GetBytes(_view.Index.Name)) ? new AllWeight(_view, boost) : None();
        }

        if (Find(name) is not { } field)
        {
            return None();
        }

        return field.Type switch
        {
            FieldType.Keyword => Column(boost, s => Scan.Texts(s, field, matcher)),
            FieldType.Text => Column(boost, s => WordDocs(s, field, matcher)),
            _ => throw DslException.QueryShard($"Can only use {kind} queries on keyword, text and wildcard fields - not on [{field.Name}] which is of type [{field.Type.Name()}]"),
        };
    }

    private static Bits WordDocs(Segment segment, FieldMapping field, TermMatcher matcher)
    {
        if (segment.FindTexts(field.Source) is not { } column)
        {
            return new(segment.Count);
        }

        var words = TextStatistics.WordsOf(segment, field.Source, column);
        return Scan.Ordinals(segment, column, TextStatistics.TextsWith(words, column.Dictionary.Count, TextStatistics.Wanted(words, matcher)));
    }

    private TextStatistics Statistics(FieldMapping field)
    {
        if (!_statistics.TryGetValue(field.Name, out var statistics))
        {
            _statistics[field.Name] = statistics = TextStatistics.Of(_view, field);
        }

        return statistics;
    }

    private ColumnWeight Keyword(FieldMapping field, TermMatcher matcher, float boost)
    {
        var weight = Column(boost, s => Scan.Texts(s, field, matcher));
        if (_scores)
        {
            var statistics = Statistics(field);
            weight.Constant = statistics.Bm25.Score(statistics.Bm25.Weight(statistics.DocsWith(matcher), boost), 1, 1);
        }

        return weight;
    }
}

/// <summary>A query that is already made ready: the query languages put them into their trees.</summary>
internal sealed record PlacedWeight(Weight Weight) : QueryNode;
