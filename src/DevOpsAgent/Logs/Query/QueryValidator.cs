using System.Globalization;

namespace DevOpsAgent.Logs.Query;

/// <summary>
/// Judges a query before it is sent: parsed to our tree, its index within a pattern, its size, depth, buckets and time
/// bounded, its fields known. A refusal says what to write instead. The author may be a model that reads hostile log text.
/// </summary>
internal sealed class QueryValidator
{
    private readonly string _pattern;
    private readonly QueryLimits _limits;

    /// <param name="pattern">Index names that may be asked, <c>*</c> for anything.</param>
    public QueryValidator(string pattern, QueryLimits limits)
    {
        _pattern = pattern;
        _limits = limits;
    }

    /// <param name="index">Names and patterns, comma between; null: all that may be asked.</param>
    /// <param name="newest">The newest event that there is: times are bounded back from it.</param>
    /// <returns>Never throws: false with the problems.</returns>
    public bool TryCheck(string? index, ReadOnlyMemory<byte> body, FieldCatalog fields, DateTimeOffset newest, out CheckedQuery? query, out QueryProblems? problems)
    {
        query = null;
        problems = null;
        var found = new List<string>();
        try
        {
            var target = Index(index, found);
            if (body.Length > _limits.MaxBody)
            {
                found.Add($"The query is {body.Length} bytes long; at most {_limits.MaxBody} are read.");
            }
            else
            {
                query = Check(target, SearchRequestParser.Parse(body.IsEmpty ? DslJson.Parse("{}"u8.ToArray()) : DslJson.Parse(body)), fields, newest, found);
            }
        }
        catch (DslException e)
        {
            found.Add(e.Type == "unsupported_operation_exception" ? $"{e.Message}: write it without." : Explain(e));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException or OverflowException)
        {
            // A value of another JSON kind than its key takes.
            found.Add($"The query can't be read: {e.Message}");
        }

        if (found.Count == 0)
        {
            return true;
        }

        query = null;
        problems = new(found);
        return false;
    }

    private static string Explain(DslException e) => e.Cause is { } cause ? $"{e.Message}: {Explain(cause)}" : e.Message;

    /// <summary>Each part must lie within the pattern whatever indexes exist: a wildcard may not reach beyond it.</summary>
    private string Index(string? index, List<string> problems)
    {
        if (string.IsNullOrWhiteSpace(index))
        {
            return _pattern;
        }

        foreach (var part in index.Split(','))
        {
            if (part.Length == 0 || !part.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '*') || part[0] is '-' or '_' || !_pattern.Split(',').Any(p => IsWithin(part, p)))
            {
                problems.Add($"Index [{part}] is not within [{_pattern}]: name indexes that are, or leave the index out.");
            }
        }

        return index;
    }

    private static bool IsWithin(string part, string pattern)
    {
        if (part == pattern)
        {
            return true;
        }

        // Only a pattern with one star at its end can be said to hold another pattern.
        return NamePattern.HasWildcard(part)
            ? pattern.IndexOf('*', StringComparison.Ordinal) == pattern.Length - 1 && part.StartsWith(pattern[..^1], StringComparison.Ordinal) && part.IndexOf('*', StringComparison.Ordinal) >= pattern.Length - 1
            : NamePattern.IsMatch(pattern, part);
    }

    private CheckedQuery Check(string index, SearchRequest request, FieldCatalog fields, DateTimeOffset newest, List<string> problems)
    {
        var notes = new List<string>();
        if (request.PitId is not null)
        {
            problems.Add("[pit] is not taken here: ask the index itself.");
        }

        if (request.Size > _limits.MaxRows)
        {
            notes.Add($"size was {request.Size}; at most {_limits.MaxRows} rows come back. Count with aggregations instead of reading rows.");
            request = request with { Size = _limits.MaxRows };
        }

        if ((long)request.From + request.Size > _limits.MaxWindow)
        {
            problems.Add($"from + size is {(long)request.From + request.Size}; at most {_limits.MaxWindow}. Go on with search_after.");
        }

        var use = new QueryUse();
        use.Take(request.Query);
        use.Take(request.PostFilter);
        use.Sort(request.Sort);
        foreach (var node in request.Aggregations)
        {
            use.Take(node);
        }

        Bounds(use, request, problems);
        Fields(use, fields, problems);
        var (bounded, span) = Time(request, fields, newest, notes);
        Aggregations(bounded, span, problems);
        if (bounded.TrackTotalHits == -1)
        {
            bounded = bounded with { TrackTotalHits = 10_000 };
        }

        return new(index, bounded, problems.Count > 0 ? [] : SearchWriter.Write(bounded, _limits.Timeout), notes);
    }

    private void Bounds(QueryUse use, SearchRequest request, List<string> problems)
    {
        void most(int number, int limit, string what)
        {
            if (number > limit)
            {
                problems.Add($"{number} {what}; at most {limit}.");
            }
        }

        most(use.Depth, _limits.MaxDepth, "queries within each other");
        most(use.Clauses, _limits.MaxClauses, "clauses");
        most(use.MostValues, _limits.MaxValues, "values in one query");
        most(use.Patterns.Count, _limits.MaxPatterns, "wildcards, prefixes, regular expressions or fuzzy terms");
        most(request.Sort.Count, 5, "levels of sorting");
        most(request.Source.Includes.Count + request.Source.Excludes.Count, 100, "names in _source");
        foreach (var pattern in use.Patterns.Where(p => p.Length > _limits.MaxPatternLength || IsBomb(p)))
        {
            problems.Add($"The pattern [{pattern[..Math.Min(pattern.Length, 40)]}] costs too much: at most {_limits.MaxPatternLength} characters, and no repetition of a repetition. Use term, prefix or one * instead.");
        }

        foreach (var text in use.Texts.Where(t => t.Length > _limits.MaxText))
        {
            problems.Add($"A text of {text.Length} characters; at most {_limits.MaxText}.");
        }
    }

    /// <summary>(a+)+, a{1000}, .*.*.*.*: what makes an automaton explode in Elasticsearch.</summary>
    private static bool IsBomb(string pattern)
    {
        var loops = 0;
        var inner = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\': i++; break;
                case '*' or '+':
                    loops++;
                    inner += i > 0 && pattern[i - 1] == ')' && pattern.AsSpan(0, i).IndexOfAny('+', '*', '{') >= 0 ? 1 : 0;
                    break;
                case '{':
                    var end = pattern.IndexOf('}', i);
                    var numbers = end > i ? pattern[(i + 1)..end].Split(',') : [];
                    if (numbers.Any(static n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var times) && times > 50))
                    {
                        return true;
                    }

                    loops++;
                    break;
            }
        }

        return loops > 6 || inner > 0;
    }

    private static void Fields(QueryUse use, FieldCatalog fields, List<string> problems)
    {
        foreach (var (field, how) in use.Fields.Distinct())
        {
            if (!fields.IsKnown(field) && !NamePattern.HasWildcard(field))
            {
                var near = fields.Near(field);
                problems.Add(near.Count > 0 ? $"Field [{field}] isn't mapped: use {string.Join(" or ", near.Select(static n => $"[{n}]"))}." : $"Field [{field}] isn't mapped.");
            }
            else if (fields.IsText(field) && how != FieldUse.Search)
            {
                var exact = fields.Exact(field);
                problems.Add(how == FieldUse.Group
                    ? $"[{field}] is text and can't be aggregated or sorted: use {(exact is null ? "another field" : $"[{exact}]")}."
                    : $"[{field}] is text, kept as single lower-case words, so an exact value finds nothing: use {(exact is null ? "match" : $"[{exact}]")}, or match for words.");
            }
        }
    }

    private void Aggregations(SearchRequest request, long? span, List<string> problems)
    {
        var all = All(request.Aggregations).ToList();
        if (all.Count > _limits.MaxAggregations)
        {
            problems.Add($"{all.Count} aggregations; at most {_limits.MaxAggregations}.");
        }

        if (Depth(request.Aggregations) > _limits.MaxAggregationDepth)
        {
            problems.Add($"Aggregations {Depth(request.Aggregations)} levels deep; at most {_limits.MaxAggregationDepth}.");
        }

        if (QueryCost.Buckets(request.Aggregations, span) is var buckets && buckets > _limits.MaxBuckets)
        {
            problems.Add($"The aggregations may come to {(buckets >= int.MaxValue ? "any number of" : buckets.ToString(CultureInfo.InvariantCulture))} buckets; at most {_limits.MaxBuckets}. Make size smaller, intervals wider, or the time shorter.");
        }

        if (all.Exists(n => n.Body is TopHitsAggregation top && top.Search.From + top.Search.Size > _limits.MaxTopHits))
        {
            problems.Add($"top_hits gives at most {_limits.MaxTopHits} hits per bucket.");
        }

        if (all.Exists(static n => n.Body is GlobalAggregation) && _limits.MaxSpan is not null)
        {
            problems.Add("[global] looks past the query's time: ask for it in a query of its own.");
        }
    }

    private static IEnumerable<AggregationNode> All(IReadOnlyList<AggregationNode> nodes) => nodes.SelectMany(static n => All(n.Subs).Prepend(n));

    private static int Depth(IReadOnlyList<AggregationNode> nodes) => nodes.Count == 0 ? 0 : 1 + nodes.Max(static n => Depth(n.Subs));

    /// <summary>Puts the query into a range of time, and says so where it was wider. The span is returned in milliseconds.</summary>
    private (SearchRequest Request, long? Span) Time(SearchRequest request, FieldCatalog fields, DateTimeOffset newest, List<string> notes)
    {
        if (fields.TimeField is not { } field)
        {
            return (request, null);
        }

        var now = newest.ToUnixTimeMilliseconds();
        var (low, high) = QueryTime.Of(request.Query, field, now);
        if (_limits.MaxSpan is not { } most)
        {
            return (request, low is { } from && high is { } until ? until - from : null);
        }

        var to = high is { } end ? Math.Min(end, now) : now;
        var least = to - (long)most.TotalMilliseconds;
        var start = low is { } asked && asked >= least ? asked : least;
        if (low is null || low < least)
        {
            notes.Add($"The time was bounded to {Text(start)} … {Text(to)}: at most {most.TotalHours:0} hours per query, newest event {Text(now)}.");
        }

        var range = new RangeQuery(field) { From = Literal.Of(start), To = Literal.Of(to), Format = "epoch_millis" };
        var query = new BoolQuery { Must = request.Query is null ? [] : [request.Query], Filter = [range] };
        return (request with { Query = query }, to - start);
    }

    private static string Text(long millis) => DateFormat.Default.Format(millis, TimeZoneInfo.Utc);
}
