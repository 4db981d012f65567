using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>One bucket per value of a field.</summary>
internal sealed partial class TermsRun
{
    private readonly AggregationRunner _runner;
    private readonly AggregationNode _node;
    private readonly DocSet _docs;

    public TermsRun(AggregationRunner runner, AggregationNode node, DocSet docs)
    {
        _runner = runner;
        _node = node;
        _docs = docs;
    }

    public AggregationResult Run(TermsAggregation aggregation)
    {
        var terms = _runner.Scope.Terms(aggregation.Field);
        if (terms.Field is null && aggregation.Missing is null)
        {
            return Empty();
        }

        var format = Format(terms.Field, aggregation.Format);
        var counts = Count(terms);
        var missing = aggregation.Missing is { } stand ? MissingCode(terms, stand) : -1;
        if (missing >= 0)
        {
            if (missing == terms.Count)
            {
                Array.Resize(ref counts, terms.Count + 2);
            }

            counts[missing + 1] += counts[0];
        }

        var wanted = TermSelection.Wanted(terms, aggregation.Filter);
        var codes = new List<int>();
        long others = 0;
        for (var code = 0; code < counts.Length - 1; code++)
        {
            if (code < terms.Count && wanted is not null && !wanted[code])
            {
                continue;
            }

            others += counts[code + 1];
            if (counts[code + 1] > 0 || aggregation.MinDocCount == 0)
            {
                codes.Add(code);
            }
        }

        // As on a shard: the first values by the order are taken, then those with too few documents go.
        var order = aggregation.Order.Count == 0 ? [new BucketOrder("_count", false)] : aggregation.Order;
        var shardSize = _runner.Scope.Views.Count == 1 ? aggregation.Size : Math.Max(aggregation.ShardSize, aggregation.Size);
        var distinct = codes.Count;
        var taken = Choose(terms, codes, counts, order, shardSize);
        var chosen = taken.Where(c => counts[c + 1] >= aggregation.MinDocCount).Take(aggregation.Size).ToList();
        others -= taken.Where(c => counts[c + 1] < aggregation.MinDocCount).Concat(chosen).Sum(c => (long)counts[c + 1]);
        var error = ErrorBound(terms, order, distinct, shardSize);
        var buckets = Buckets(terms, chosen, counts, format, aggregation, missing);
        return new BucketsResult(buckets)
        {
            WriteHead = json =>
            {
                json.WriteNumber("doc_count_error_upper_bound", error);
                json.WriteNumber("sum_other_doc_count", others);
            },
        };
    }

    /// <summary>
    /// Counts are exact here; Elasticsearch's are not over several shards or in other orders, and says how far they may be off.
    /// The same bound is told, so that answers compare.
    /// </summary>
    private long ErrorBound(FieldTerms terms, IReadOnlyList<BucketOrder> order, int distinct, int shardSize)
    {
        if (order[0].Path == "_key")
        {
            return 0;
        }

        var views = _runner.Scope.Views;
        if (order[0] is not { Path: "_count", Ascending: false })
        {
            return distinct >= shardSize && distinct > 0 ? -1 : 0;
        }

        if (views.Count == 1)
        {
            return 0;
        }

        long error = 0;
        foreach (var view in views)
        {
            var counts = new int[terms.Count + 1];
            for (var s = 0; s < _docs.Docs.Length; s++)
            {
                if (_runner.Scope.Segments[s].View == view)
                {
                    foreach (var doc in _docs.Docs[s].Span)
                    {
                        counts[terms.Codes[s][doc]]++;
                    }
                }
            }

            var sizes = counts.Skip(1).Where(static c => c > 0).OrderDescending().ToList();
            error += sizes.Count >= shardSize ? sizes[shardSize - 1] : 0;
        }

        return error;
    }

    public AggregationResult Rare(RareTermsAggregation aggregation)
    {
        var terms = _runner.Scope.Terms(aggregation.Field);
        if (terms.Field is null)
        {
            return new BucketsResult([]);
        }

        var counts = Count(terms);
        var wanted = TermSelection.Wanted(terms, aggregation.Filter);
        var codes = Enumerable.Range(0, terms.Count).Where(c => counts[c + 1] > 0 && counts[c + 1] <= aggregation.MaxDocCount && (wanted is null || wanted[c])).ToList();
        var chosen = Choose(terms, codes, counts, [new("_count", true)], int.MaxValue);
        return new BucketsResult(Buckets(terms, chosen, counts, null, null, -1));
    }

    private static BucketsResult Empty() => new([])
    {
        WriteHead = static json =>
        {
            json.WriteNumber("doc_count_error_upper_bound", 0);
            json.WriteNumber("sum_other_doc_count", 0);
        },
    };

    private static DateFormat? Format(FieldMapping? field, string? format) => format is null ? null
        : field?.Type == FieldType.Date ? new(format) : throw DslException.NotSupported("terms.format of numbers");

    /// <summary>Documents per code plus one; at 0 those without a value.</summary>
    private int[] Count(FieldTerms terms) => Count(terms, _docs);

    private static int[] Count(FieldTerms terms, DocSet docs)
    {
        var counts = new int[terms.Count + 1];
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            var codes = terms.Codes[s];
            foreach (var doc in docs.Docs[s].Span)
            {
                counts[codes[doc]]++;
            }

            var extras = terms.Extras[s];
            if (extras.IsEmpty)
            {
                continue;
            }

            foreach (var doc in docs.Docs[s].Span)
            {
                var (start, end) = extras.Of(doc);
                for (var i = start; i < end; i++)
                {
                    counts[extras.Values[i]]++;
                }
            }
        }

        return counts;
    }

    private static int MissingCode(FieldTerms terms, Literal stand)
    {
        for (var code = 0; code < terms.Count; code++)
        {
            if (TermKey.Plain(terms, code) == stand.Text)
            {
                return code;
            }
        }

        return terms.Field is { Type: FieldType.Date } or { Type: FieldType.Boolean } ? throw DslException.NotSupported("terms.missing on dates and booleans") : terms.Count;
    }

    private List<int> Choose(FieldTerms terms, List<int> codes, int[] counts, IReadOnlyList<BucketOrder> order, int size)
    {
        var columns = order.Select(o => Column(terms, codes, counts, o)).ToArray();
        int compare(int a, int b)
        {
            for (var i = 0; i < columns.Length; i++)
            {
                var result = columns[i](a, b);
                if (result != 0)
                {
                    return result;
                }
            }

            return KeyOrder(terms, a, b);
        }

        if (codes.Count > size && columns.Length == 1 && order[0].Path == "_count")
        {
            Cut(codes, counts, size, order[0].Ascending);
        }

        codes.Sort(compare);
        return codes.Count > size ? codes[..size] : codes;
    }

    /// <summary>Leaves out values whose counts can't be among the first, so that few are sorted.</summary>
    private static void Cut(List<int> codes, int[] counts, int size, bool ascending)
    {
        var sizes = codes.Select(c => counts[c + 1]).ToArray();
        Array.Sort(sizes);
        var bound = ascending ? sizes[size - 1] : sizes[^size];
        codes.RemoveAll(c => ascending ? counts[c + 1] > bound : counts[c + 1] < bound);
    }

    private static int KeyOrder(FieldTerms terms, int a, int b)
    {
        if (a < terms.Count && b < terms.Count)
        {
            return terms.Compare(a, b);
        }

        // The stand-in for missing values isn't among the field's own: it comes last.
        return a == b ? 0 : a < terms.Count ? -1 : 1;
    }

    private Comparison<int> Column(FieldTerms terms, List<int> codes, int[] counts, BucketOrder order)
    {
        var sign = order.Ascending ? 1 : -1;
        switch (order.Path)
        {
            case "_count": return (a, b) => sign * counts[a + 1].CompareTo(counts[b + 1]);
            case "_key": return (a, b) => sign * KeyOrder(terms, a, b);
        }

        // The metric that buckets are sorted by is computed for each of them beforehand.
        var path = BucketPath.Parse(order.Path);
        var sub = _node.Subs.First(n => n.Name == path.Steps[0]);
        var values = new Dictionary<int, double>();
        var docs = Partition(terms, codes, -1);
        foreach (var code in codes)
        {
            var result = new NamedResult(sub, _runner.Run(sub, docs[code]));
            values[code] = path.Value([result], docs[code].Count) ?? double.NaN;
        }

        return (a, b) =>
        {
            var (x, y) = (values[a], values[b]);
            return double.IsNaN(x) || double.IsNaN(y) ? double.IsNaN(x).CompareTo(double.IsNaN(y)) : sign * x.CompareTo(y);
        };
    }

    private List<Bucket> Buckets(FieldTerms terms, List<int> chosen, int[] counts, DateFormat? format, TermsAggregation? aggregation, int missing)
    {
        _runner.Scope.Bucket(chosen.Count);
        var docs = _node.Subs.Count > 0 ? Partition(terms, chosen, missing) : null;
        var buckets = new List<Bucket>(chosen.Count);
        for (var i = 0; i < chosen.Count; i++)
        {
            var code = chosen[i];
            var stand = code == terms.Count ? aggregation!.Missing : null;
            buckets.Add(new()
            {
                WriteKey = json => WriteKey(json, terms, code, format, stand),
                Name = stand?.Text ?? TermKey.Plain(terms, code),
                DocCount = counts[code + 1],
                Rank = i,
                Subs = docs is null ? [] : _runner.RunAll(_node.Subs, docs[code]),
            });
        }

        return buckets;
    }

    private static void WriteKey(Utf8JsonWriter json, FieldTerms terms, int code, DateFormat? format, Literal? stand)
    {
        json.WritePropertyName("key");
        if (stand is { } value)
        {
            if (terms.Field is { } field && field.Type.IsNumber() && value.TryDouble(out var number))
            {
                json.WriteRawValue(field.Type.IsFraction() ? JavaNumber.Text(number) : ((long)number).ToString(System.Globalization.CultureInfo.InvariantCulture));
                return;
            }

            json.WriteStringValue(value.Text);
            return;
        }

        TermKey.Write(json, terms, code);
        if (TermKey.Text(terms, code, format) is { } text)
        {
            json.WriteString("key_as_string", text);
        }
    }

    /// <summary>The documents of each chosen value.</summary>
    private Dictionary<int, DocSet> Partition(FieldTerms terms, List<int> chosen, int missing)
    {
        var place = new int[terms.Count + 2];
        for (var i = 0; i < chosen.Count; i++)
        {
            place[chosen[i] + 1] = i + 1;
        }

        if (missing >= 0)
        {
            place[0] = place[missing + 1];
        }

        var lists = new List<int>[_docs.Docs.Length][];
        for (var s = 0; s < lists.Length; s++)
        {
            var segment = lists[s] = new List<int>[chosen.Count];
            for (var i = 0; i < segment.Length; i++)
            {
                segment[i] = [];
            }

            var codes = terms.Codes[s];
            var extras = terms.Extras[s];
            foreach (var doc in _docs.Docs[s].Span)
            {
                var first = place[codes[doc]];
                if (first != 0)
                {
                    segment[first - 1].Add(doc);
                }

                if (extras.IsEmpty)
                {
                    continue;
                }

                var (start, end) = extras.Of(doc);
                for (var i = start; i < end; i++)
                {
                    if (place[(int)extras.Values[i]] is > 0 and var other)
                    {
                        segment[other - 1].Add(doc);
                    }
                }
            }
        }

        return chosen.Select((code, i) => (code, Docs: new DocSet([.. lists.Select(l => l[i].ToArray())]))).ToDictionary(static p => p.code, static p => p.Docs);
    }
}
