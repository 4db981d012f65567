namespace DevOpsAgent.Logs.Query;

/// <summary>A query as our own tree. What isn't one of these kinds never reaches an index.</summary>
internal abstract record QueryNode
{
    public float Boost { get; init; } = 1f;

    /// <summary>The caller's name for it (<c>_name</c>): hits that match tell it in <c>matched_queries</c>.</summary>
    public string? Name { get; init; }
}

internal sealed record MatchAllQuery : QueryNode;

internal sealed record MatchNoneQuery : QueryNode;

internal sealed record TermQuery(string Field, Literal Value) : QueryNode
{
    public bool CaseInsensitive { get; init; }
}

internal sealed record TermsQuery(string Field, IReadOnlyList<Literal> Values) : QueryNode;

internal sealed record RangeQuery(string Field) : QueryNode
{
    public Literal? From { get; init; }
    public Literal? To { get; init; }
    public bool IncludeFrom { get; init; } = true;
    public bool IncludeTo { get; init; } = true;
    public string? Format { get; init; }
    public string? TimeZone { get; init; }
}

internal sealed record PrefixQuery(string Field, string Value) : QueryNode
{
    public bool CaseInsensitive { get; init; }
}

internal sealed record WildcardQuery(string Field, string Value) : QueryNode
{
    public bool CaseInsensitive { get; init; }
}

internal sealed record RegexpQuery(string Field, string Value) : QueryNode
{
    public bool CaseInsensitive { get; init; }
    public string Flags { get; init; } = "ALL";
    public int MaxDeterminizedStates { get; init; } = 10_000;
}

internal sealed record FuzzyQuery(string Field, string Value) : QueryNode
{
    public string Fuzziness { get; init; } = "AUTO";
    public int PrefixLength { get; init; }
    public int MaxExpansions { get; init; } = 50;
    public bool Transpositions { get; init; } = true;
}

internal sealed record ExistsQuery(string Field) : QueryNode;

internal sealed record IdsQuery(IReadOnlyList<string> Values) : QueryNode;

internal sealed record BoolQuery : QueryNode
{
    public IReadOnlyList<QueryNode> Must { get; init; } = [];
    public IReadOnlyList<QueryNode> Filter { get; init; } = [];
    public IReadOnlyList<QueryNode> Should { get; init; } = [];
    public IReadOnlyList<QueryNode> MustNot { get; init; } = [];

    /// <summary>As written: <c>2</c>, <c>-1</c>, <c>75%</c>, <c>3&lt;90%</c>; null is 1 where only should clauses stand, else 0.</summary>
    public string? MinimumShouldMatch { get; init; }
}

internal sealed record ConstantScoreQuery(QueryNode Filter) : QueryNode;

internal sealed record BoostingQuery(QueryNode Positive, QueryNode Negative, float NegativeBoost) : QueryNode;

internal sealed record DisMaxQuery(IReadOnlyList<QueryNode> Queries, float TieBreaker) : QueryNode;

internal sealed record FunctionScoreQuery(QueryNode Query, IReadOnlyList<ScoreFunction> Functions) : QueryNode
{
    public string ScoreMode { get; init; } = "multiply";
    public string BoostMode { get; init; } = "multiply";
    public float MaxBoost { get; init; } = float.MaxValue;
    public float? MinScore { get; init; }
}

/// <summary>A weight for the hits of a filter: the only function without a script, randomness or decay that is answered.</summary>
internal sealed record ScoreFunction(QueryNode Filter, float Weight);

/// <summary>Full text in one field: match, match_phrase, match_phrase_prefix and match_bool_prefix differ in <see cref="Kind"/>.</summary>
internal sealed record MatchQuery(string Field, Literal Value) : QueryNode
{
    public MatchKind Kind { get; init; }
    public bool AllTerms { get; init; }
    public string? MinimumShouldMatch { get; init; }
    public string? Fuzziness { get; init; }
    public int PrefixLength { get; init; }
    public int MaxExpansions { get; init; } = 50;
    public bool Transpositions { get; init; } = true;
    public int Slop { get; init; }
    public bool Lenient { get; init; }
    public bool ZeroTermsAll { get; init; }
}

internal enum MatchKind : byte
{
    Terms,
    Phrase,
    PhrasePrefix,
    BoolPrefix,
}

internal sealed record MultiMatchQuery(IReadOnlyList<WeightedField> Fields, Literal Value) : QueryNode
{
    public string Type { get; init; } = "best_fields";
    public float? TieBreaker { get; init; }

    /// <summary>How each field is matched; its own field and value are not used.</summary>
    public MatchQuery Options { get; init; } = new("", Literal.Null);
}

/// <summary>A field, or a pattern of fields, with the weight behind <c>^</c>.</summary>
internal readonly record struct WeightedField(string Pattern, float Boost)
{
    public static WeightedField Parse(string text)
    {
        var caret = text.IndexOf('^', StringComparison.Ordinal);
        return caret < 0 ? new(text, 1f)
            : float.TryParse(text.AsSpan(caret + 1), System.Globalization.CultureInfo.InvariantCulture, out var boost) ? new(text[..caret], boost)
            : throw new DslException("number_format_exception", $"For input string: \"{text[(caret + 1)..]}\"");
    }

    public override string ToString() => Boost is 1f ? Pattern : $"{Pattern}^{JavaNumber.Text(Boost)}";
}

/// <summary>Lucene's query language (<c>query_string</c>): AND, OR, NOT, field:value, ranges, wildcards.</summary>
internal sealed record QueryStringQuery(string Query) : QueryNode
{
    public IReadOnlyList<WeightedField> Fields { get; init; } = [];
    public bool DefaultAnd { get; init; }
    public bool AnalyzeWildcard { get; init; }
    public bool AllowLeadingWildcard { get; init; } = true;
    public bool Lenient { get; init; }
    public string? MinimumShouldMatch { get; init; }
    public string? TimeZone { get; init; }
    public int PhraseSlop { get; init; }
    public string Fuzziness { get; init; } = "AUTO";
    public string Type { get; init; } = "best_fields";
    public float? TieBreaker { get; init; }
}

/// <summary>The forgiving query language (<c>simple_query_string</c>): never a syntax error.</summary>
internal sealed record SimpleQueryStringQuery(string Query) : QueryNode
{
    public IReadOnlyList<WeightedField> Fields { get; init; } = [];
    public bool DefaultAnd { get; init; }
    public bool Lenient { get; init; }
    public string Flags { get; init; } = "ALL";
    public string? MinimumShouldMatch { get; init; }
}
