namespace DevOpsAgent.Logs.Query;

/// <summary>How a query uses a field.</summary>
internal enum FieldUse : byte
{
    /// <summary>By words: fine on texts.</summary>
    Search,

    /// <summary>As whole values: wrong on texts.</summary>
    Exact,

    /// <summary>Sorting and aggregating: impossible on texts.</summary>
    Group,
}

/// <summary>Every field, pattern and value list that a query holds, and how deep and wide it is.</summary>
internal sealed class QueryUse
{
    public List<(string Field, FieldUse Use)> Fields { get; } = [];

    public List<string> Patterns { get; } = [];

    public List<string> Texts { get; } = [];

    public int Clauses { get; private set; }

    public int Depth { get; private set; }

    public int MostValues { get; private set; }

    public void Take(QueryNode? query, int depth = 1)
    {
        if (query is null)
        {
            return;
        }

        Clauses++;
        Depth = Math.Max(Depth, depth);
        switch (query)
        {
            case TermQuery q: Fields.Add((q.Field, FieldUse.Exact)); break;
            case TermsQuery q:
                Fields.Add((q.Field, FieldUse.Exact));
                MostValues = Math.Max(MostValues, q.Values.Count);
                break;
            case IdsQuery q: MostValues = Math.Max(MostValues, q.Values.Count); break;
            case RangeQuery q: Fields.Add((q.Field, FieldUse.Exact)); break;
            case PrefixQuery q: Pattern(q.Field, q.Value); break;
            case WildcardQuery q: Pattern(q.Field, q.Value); break;
            case RegexpQuery q: Pattern(q.Field, q.Value); break;
            case FuzzyQuery q: Pattern(q.Field, q.Value); break;
            case ExistsQuery q: Fields.Add((q.Field, FieldUse.Search)); break;
            case MatchQuery q: Text(q.Field, q.Value.Text); break;
            case MultiMatchQuery q: Several(q.Fields, q.Value.Text); break;
            case QueryStringQuery q: QueryString(q); break;
            case SimpleQueryStringQuery q: Several(q.Fields, q.Query); break;
            default: Inner(query, depth); break;
        }
    }

    private void Inner(QueryNode query, int depth)
    {
        IEnumerable<QueryNode> inner = query switch
        {
            BoolQuery q => [.. q.Must, .. q.Filter, .. q.Should, .. q.MustNot],
            ConstantScoreQuery q => [q.Filter],
            BoostingQuery q => [q.Positive, q.Negative],
            DisMaxQuery q => q.Queries,
            FunctionScoreQuery q => [q.Query, .. q.Functions.Select(static f => f.Filter)],
            _ => [],
        };
        foreach (var clause in inner)
        {
            Take(clause, depth + 1);
        }
    }

    private void Pattern(string field, string pattern)
    {
        Fields.Add((field, FieldUse.Exact));
        Patterns.Add(pattern);
    }

    private void Text(string field, string text)
    {
        Fields.Add((field, FieldUse.Search));
        Texts.Add(text);
    }

    private void Several(IReadOnlyList<WeightedField> fields, string text)
    {
        Texts.Add(text);
        foreach (var field in fields.Where(static f => !NamePattern.HasWildcard(f.Pattern)))
        {
            Fields.Add((field.Pattern, FieldUse.Search));
        }
    }

    private void QueryString(QueryStringQuery query)
    {
        Several(query.Fields, query.Query);
        var tokens = QueryStringLexer.Tokens(query.Query);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind is QueryStringKind.Regexp or QueryStringKind.Pattern or QueryStringKind.Prefix or QueryStringKind.Fuzzy)
            {
                Patterns.Add(tokens[i].Text);
            }

            if (tokens[i].Kind == QueryStringKind.Term && tokens[i + 1].Kind == QueryStringKind.Colon && QueryStringToken.Unescape(tokens[i].Text) is not "_exists_" and var field)
            {
                Fields.Add((field, FieldUse.Search));
            }
        }
    }

    public void Take(AggregationNode node)
    {
        switch (node.Body)
        {
            case TermsAggregation a: Group(a.Field); Filter(a.Filter); break;
            case RareTermsAggregation a: Group(a.Field); Filter(a.Filter); break;
            case SignificantTermsAggregation a:
                Group(a.Field);
                Filter(a.Filter);
                Take(a.Background);
                break;
            case MultiTermsAggregation a: a.Fields.ToList().ForEach(Group); break;
            case FilterAggregation a: Take(a.Filter); break;
            case FiltersAggregation a: a.Filters.ToList().ForEach(f => Take(f.Filter)); break;
            case MissingAggregation a: Group(a.Field); break;
            case DateHistogramAggregation a: Group(a.Field); break;
            case HistogramAggregation a: Group(a.Field); break;
            case RangeAggregation a: Group(a.Field); break;
            case IpPrefixAggregation a: Group(a.Field); break;
            case CompositeAggregation a: a.Sources.ToList().ForEach(s => Group(s.Field)); break;
            case MetricAggregation a: Group(a.Field); break;
            case PercentilesAggregation a: Group(a.Field); break;
            case WeightedAverageAggregation a:
                Group(a.ValueField);
                Group(a.WeightField);
                break;
            case TopHitsAggregation a: Sort(a.Search.Sort); break;
        }

        foreach (var sub in node.Subs)
        {
            Take(sub);
        }
    }

    private void Group(string field) => Fields.Add((field, FieldUse.Group));

    private void Filter(TermFilter? filter) => Patterns.AddRange(new[] { filter?.IncludePattern, filter?.ExcludePattern }.OfType<string>());

    public void Sort(IReadOnlyList<SortField> sort) => Fields.AddRange(sort.Where(static s => s is { IsScore: false, IsDoc: false, UnmappedType: null }).Select(static s => (s.Field, FieldUse.Group)));
}
