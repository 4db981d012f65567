using System.Text;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Analysis;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search.Terms;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Full text: words, phrases, and near words.</summary>
internal sealed partial class QueryCompiler
{
    /// <summary>Elasticsearch's bound on clauses that one text or pattern may become (indices.query.bool.max_clause_count, its least).</summary>
    private const int MaxClauses = 1024;

    /// <summary>A field's word as it stands in the index.</summary>
    private Weight Words(FieldMapping field, string word, float boost)
    {
        var exact = new ExactTerms([word]);
        if (!_scores)
        {
            return Column(boost, s => WordDocs(s, field, exact));
        }

        var statistics = Statistics(field);
        return Word(field, word, boost, statistics.Bm25.Idf(statistics.DocsWith(exact)));
    }

    private WordWeight Word(FieldMapping field, string word, float boost, float idf)
    {
        var utf8 = Encoding.UTF8.GetBytes(word);
        return new(_view, field, Statistics(field), (words, text) =>
        {
            var wanted = words.Words.Find(utf8);
            return wanted < 0 ? 0 : text.Count(wanted);
        }, idf, boost);
    }

    private Weight Match(MatchQuery query, float boost)
    {
        if (query.Field is "_id" or "_index")
        {
            return Term(new(query.Field, query.Value), boost);
        }

        if (Find(query.Field) is not { } field)
        {
            return None();
        }

        try
        {
            return Match(field, query, boost);
        }
        catch (DslException e) when (query.Lenient && e.OnShard)
        {
            return None();
        }
    }

    private Weight Match(FieldMapping field, MatchQuery query, float boost)
    {
        if (field.Type != FieldType.Text)
        {
            return query.Kind switch
            {
                MatchKind.PhrasePrefix => throw DslException.QueryShard($"failed to create query: Can only use phrase prefix queries on text fields - not on [{field.Name}] which is of type [{field.Type.Name()}]"),
                MatchKind.BoolPrefix => Pattern(field.Name, "prefix", new PrefixTerms(query.Value.Text, false), boost),
                _ when query.Fuzziness is { } fuzziness && field.Type == FieldType.Keyword && query.Kind == MatchKind.Terms => Fuzzy(Near(field, query.Value.Text, fuzziness, query), boost),
                _ => Value(field, query.Value, boost),
            };
        }

        if (query.Slop != 0)
        {
            throw DslException.NotSupported("match_phrase.slop");
        }

        var words = StandardTokenizer.Tokens(query.Value.Text).Select(static t => t.Text).ToList();
        if (words.Count > MaxClauses)
        {
            throw DslException.Shard("too_many_clauses", $"maxClauseCount is set to {MaxClauses}");
        }

        if (words.Count == 0)
        {
            return query.ZeroTermsAll ? new AllWeight(_view, boost) : None();
        }

        return query.Kind switch
        {
            MatchKind.Phrase => words.Count == 1 ? Words(field, words[0], boost) : Phrase(field, words, null, boost),
            MatchKind.PhrasePrefix => Phrase(field, words[..^1], words[^1], boost, query.MaxExpansions),
            MatchKind.BoolPrefix => AnyOrAll([.. words[..^1].Select(w => Words(field, w, boost)), Pattern(field.Name, "prefix", new PrefixTerms(words[^1], false), boost)], query),
            _ => AnyOrAll([.. words.Select(w => query.Fuzziness is { } fuzziness ? Fuzzy(Near(field, w, fuzziness, query), boost) : Words(field, w, boost))], query),
        };
    }

    private static FuzzyQuery Near(FieldMapping field, string word, string fuzziness, MatchQuery query) =>
        new(field.Name, word) { Fuzziness = fuzziness, PrefixLength = query.PrefixLength, MaxExpansions = query.MaxExpansions, Transpositions = query.Transpositions };

    private Weight AnyOrAll(Weight[] clauses, MatchQuery query)
    {
        if (clauses.Length == 1)
        {
            return clauses[0];
        }

        if (query.AllTerms)
        {
            return new BoolWeight(_view, clauses, [], [], [], 0);
        }

        var minimum = query.MinimumShouldMatch is { } text ? MinimumShouldMatch.Read(text, clauses.Length) : 1;
        return new BoolWeight(_view, [], [], clauses, [], Math.Max(minimum, 1));
    }

    /// <summary>Words behind one another, the last one perhaps only begun.</summary>
    private Weight Phrase(FieldMapping field, List<string> words, string? last, float boost, int expansions = 50)
    {
        var statistics = Statistics(field);
        var idf = 0f;
        double sum = 0;
        foreach (var word in words)
        {
            sum += statistics.Bm25.Idf(statistics.DocsWith(new ExactTerms([word])));
        }

        HashSet<string>? ends = null;
        if (last is not null)
        {
            ends = [.. Expansions(field, last, expansions)];
            if (ends.Count == 0)
            {
                return None();
            }

            if (words.Count == 0)
            {
                return new BoolWeight(_view, [], [], [.. ends.Select(e => Words(field, e, boost))], [], 1);
            }

            foreach (var end in ends)
            {
                sum += statistics.Bm25.Idf(statistics.DocsWith(new ExactTerms([end])));
            }
        }

        idf = (float)sum;
        var utf8 = words.Select(Encoding.UTF8.GetBytes).ToArray();
        var endings = ends?.Select(Encoding.UTF8.GetBytes).ToArray();
        return new WordWeight(_view, field, statistics, (index, text) => PhraseCount(index, text, utf8, endings), idf, boost);
    }

    private static float PhraseCount(WordIndex index, ReadOnlySpan<int> text, byte[][] words, byte[][]? endings)
    {
        Span<int> wanted = words.Length <= 64 ? stackalloc int[words.Length] : new int[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            wanted[i] = index.Words.Find(words[i]);
            if (wanted[i] < 0)
            {
                return 0;
            }
        }

        var count = 0;
        for (var at = 0; at + wanted.Length + (endings is null ? 0 : 1) <= text.Length; at++)
        {
            if (text.Slice(at, wanted.Length).SequenceEqual(wanted) && (endings is null || IsEnding(index, text[at + wanted.Length], endings)))
            {
                count++;
            }
        }

        return count;
    }

    private static bool IsEnding(WordIndex index, int word, byte[][] endings)
    {
        foreach (var ending in endings)
        {
            if (index.Words[word].SequenceEqual(ending))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first words of the index, in order, that begin so.</summary>
    private IEnumerable<string> Expansions(FieldMapping field, string prefix, int most)
    {
        var utf8 = Encoding.UTF8.GetBytes(prefix);
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var segment in _view.Segments)
        {
            if (segment.FindTexts(field.Source) is not { } column)
            {
                continue;
            }

            var words = TextStatistics.WordsOf(segment, field.Source, column).Words;
            for (var i = 0; i < words.Count; i++)
            {
                if (words[i].StartsWith(utf8))
                {
                    found.Add(words.Text(i));
                }
            }
        }

        return found.OrderBy(static w => w, Utf8Order.Instance).Take(most);
    }

    private Weight Fuzzy(FuzzyQuery query, float boost)
    {
        if (Find(query.Field) is not { } field)
        {
            return None();
        }

        if (field.Type is not (FieldType.Text or FieldType.Keyword))
        {
            throw DslException.QueryShard($"failed to create query: Can only use fuzzy queries on keyword and text fields - not on [{field.Name}] which is of type [{field.Type.Name()}]");
        }

        var edits = FuzzyDistance.Edits(query.Fuzziness, query.Value.EnumerateRunes().Count());
        if (edits == 0)
        {
            return Value(field, Literal.Of(query.Value), boost);
        }

        var near = Nearest(field, query, edits);
        if (near.Count == 0)
        {
            return None();
        }

        // All near terms are weighed as if they were as common as the commonest of them.
        var common = _scores ? near.Max(n => Statistics(field).DocsWith(new ExactTerms([n.Term]))) : 0;
        var clauses = near.Select(n => NearTerm(field, n.Term, boost * n.Boost, common)).ToArray();
        return clauses.Length == 1 ? clauses[0] : new BoolWeight(_view, [], [], clauses, [], 1);
    }

    private Weight NearTerm(FieldMapping field, string term, float boost, long common)
    {
        if (!_scores)
        {
            return Value(field, Literal.Of(term), boost);
        }

        var bm25 = Statistics(field).Bm25;
        if (field.Type == FieldType.Text)
        {
            return Word(field, term, boost, bm25.Idf(common));
        }

        var exact = new ExactTerms([term]);
        return Column(bm25.Score(bm25.Weight(common, boost), 1, 1), s => Scan.Texts(s, field, exact));
    }

    private List<(string Term, float Boost)> Nearest(FieldMapping field, FuzzyQuery query, int edits)
    {
        var matcher = new FuzzyTerms(query.Value, edits, query.PrefixLength, query.Transpositions);
        var length = query.Value.EnumerateRunes().Count();
        var found = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var segment in _view.Segments)
        {
            if (segment.FindTexts(field.Source) is not { } column)
            {
                continue;
            }

            var terms = field.Type == FieldType.Text ? TextStatistics.WordsOf(segment, field.Source, column).Words : column.Dictionary;
            for (var i = 0; i < terms.Count; i++)
            {
                var distance = matcher.Distance(terms[i]);
                if (distance <= edits && (field.Type == FieldType.Text || !Scan.IsTooLong(field, terms[i])))
                {
                    var text = terms.Text(i);
                    found[text] = distance == 0 ? 1f : 1f - ((float)distance / Math.Min(text.EnumerateRunes().Count(), length));
                }
            }
        }

        return [.. found.Where(static f => f.Value > 0).OrderByDescending(static f => f.Value).ThenBy(static f => f.Key, Utf8Order.Instance).Take(query.MaxExpansions).Select(static f => (f.Key, f.Value))];
    }

    private Weight MultiMatch(MultiMatchQuery query, float boost)
    {
        var kind = query.Type switch { "phrase" => MatchKind.Phrase, "phrase_prefix" => MatchKind.PhrasePrefix, "bool_prefix" => MatchKind.BoolPrefix, _ => MatchKind.Terms };
        var lenient = query.Options.Lenient || query.Fields.Count == 0;
        var options = query.Options with { Kind = kind, Value = query.Value, Lenient = lenient };
        var clauses = Expand(query.Fields).Select(f => Match(options with { Field = f.Field.Name }, boost * f.Boost)).ToArray();
        return Combine(clauses, query.Type is "most_fields" or "bool_prefix" ? query.TieBreaker ?? 1f : query.TieBreaker ?? 0f);
    }

    public Weight Combine(Weight[] clauses, float tieBreaker) => clauses.Length switch
    {
        0 => None(),
        1 => clauses[0],
        _ => new DisMaxWeight(_view, clauses, tieBreaker),
    };

    /// <summary>Fields that a request's patterns stand for; all that can be searched where it names none.</summary>
    public List<(FieldMapping Field, float Boost)> Expand(IReadOnlyList<WeightedField> fields)
    {
        var found = new Dictionary<string, (FieldMapping, float)>(StringComparer.Ordinal);
        foreach (var field in fields.Count == 0 ? [new WeightedField("*", 1f)] : fields)
        {
            foreach (var mapping in _view.Index.Mapping.Matching(field.Pattern))
            {
                found[mapping.Name] = found.TryGetValue(mapping.Name, out var known) ? (mapping, known.Item2 * field.Boost) : (mapping, field.Boost);
            }
        }

        return found.Count <= MaxClauses ? [.. found.Values] : throw DslException.Shard("too_many_clauses", $"field expansion matches too many fields, limit: {MaxClauses}, got: {found.Count}");
    }
}

/// <summary>Texts in the order of their UTF-8 bytes, as terms stand in an index.</summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y ?? ""));
}
