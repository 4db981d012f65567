using System.Runtime.InteropServices;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Buckets of equal width over dates or numbers.</summary>
internal sealed class HistogramRun(AggregationRunner runner, AggregationNode node)
{
    public AggregationResult Run(DateHistogramAggregation histogram, DocSet docs)
    {
        var scope = runner.Scope;
        var rounding = new DateRounding(histogram);
        var field = scope.Field(histogram.Field);
        var dates = field?.Type == FieldType.Date ? field.Format : DateFormat.Default;
        var format = histogram.Format is null ? dates : new(histogram.Format);
        var zone = TimeZones.Find(histogram.TimeZone);
        long? bound(Literal? literal) => literal is { } l ? DateMath.Parse(l.Text, l.Kind == LiteralKind.Number ? DateFormat.Default : format, false, zone, scope.Now) : null;
        var hard = histogram.HardBounds is { } h ? (Min: bound(h.Min), Max: bound(h.Max)) : default;
        var found = new Spread(docs);
        var values = new FieldNumbers(scope, histogram.Field, histogram.Missing);
        Collect(values, docs, found, rounding, hard.Min is null && hard.Max is null, v => (long)v is var millis && rounding.Round(millis) is var key && (hard.Min is null || key >= hard.Min) && (hard.Max is null || key < hard.Max) ? key : null);
        var keys = found.Keys;
        if (histogram.MinDocCount == 0)
        {
            var least = keys.Count > 0 ? keys.Min() : (long?)null;
            var most = keys.Count > 0 ? keys.Max() : (long?)null;
            if (histogram.ExtendedBounds is { } extended)
            {
                least = Least(least, bound(extended.Min) is { } low ? rounding.Round(low) : null);
                most = Most(most, bound(extended.Max) is { } high ? rounding.Round(high) : null);
            }

            for (var key = least; key is { } start && start <= most; key = rounding.Next(start))
            {
                if (found.Add(start))
                {
                    scope.Bucket();
                }
            }
        }

        return Result(found, histogram.MinDocCount, histogram.Order, histogram.Keyed, (key, json) =>
        {
            json.WriteString("key_as_string", format.Format(key, zone));
            json.WriteNumber("key", key);
        }, key => format.Format(key, zone), static key => key);
    }

    public AggregationResult Run(HistogramAggregation histogram, DocSet docs)
    {
        var scope = runner.Scope;
        var found = new Spread(docs);
        double start(long index) => (index * histogram.Interval) + histogram.Offset;
        long index(double value) => (long)Math.Floor((value - histogram.Offset) / histogram.Interval);
        var hard = histogram.HardBounds;
        Collect(new(scope, histogram.Field, histogram.Missing), docs, found, null, false, v => index(v) is var i && (hard?.Min is not { } low || start(i) >= low) && (hard?.Max is not { } high || start(i) <= high) ? i : null);
        if (histogram.MinDocCount == 0)
        {
            var least = found.Keys.Count > 0 ? found.Keys.Min() : (long?)null;
            var most = found.Keys.Count > 0 ? found.Keys.Max() : (long?)null;
            if (histogram.ExtendedBounds is { } extended)
            {
                least = Least(least, extended.Min is { } low ? index(low) : null);
                most = Most(most, extended.Max is { } high ? index(high) : null);
            }

            for (var key = least; key is { } at && at <= most; key = at + 1)
            {
                if (found.Add(at))
                {
                    scope.Bucket();
                }
            }
        }

        return Result(found, histogram.MinDocCount, histogram.Order, histogram.Keyed, (key, json) => AggregationRunner.WriteKeyNumber(json, start(key)), key => JavaNumber.Text(start(key)), start);
    }

    private static long? Least(long? a, long? b) => a is null || b < a ? b ?? a : a;

    private static long? Most(long? a, long? b) => a is null || b > a ? b ?? a : a;

    private static void Collect(FieldNumbers numbers, DocSet docs, Spread found, DateRounding? rounding, bool isUnbounded, Func<double, long?> keyOf)
    {
        var values = new List<double>();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            var all = docs.Docs[s].Span;
            if (rounding is not null && isUnbounded && numbers.Plain(s) is { } column)
            {
                for (var i = 0; i < all.Length; i++)
                {
                    if (column.Has(all[i]))
                    {
                        found.Add(rounding.Round(column.Values[all[i]]), s, i);
                    }
                }

                continue;
            }

            for (var i = 0; i < all.Length; i++)
            {
                numbers.Each(s, all[i], values);
                long? last = null;
                foreach (var value in values)
                {
                    var key = keyOf(value);
                    if (key is { } bucket && key != last)
                    {
                        found.Add(bucket, s, i);
                        last = key;
                    }
                }
            }
        }
    }

    private BucketsResult Result(Spread found, long minimum, IReadOnlyList<BucketOrder> order, bool keyed, Action<long, System.Text.Json.Utf8JsonWriter> writeKey, Func<long, string> name, Func<long, double> position)
    {
        var buckets = new List<Bucket>();
        foreach (var key in found.Keys.Order().ToList())
        {
            var docs = found.Docs(key);
            if (docs.Count < minimum)
            {
                continue;
            }

            if (docs.Count > 0)
            {
                runner.Scope.Bucket();
            }

            buckets.Add(new()
            {
                WriteKey = json => writeKey(key, json),
                Name = name(key),
                DocCount = docs.Count,
                Position = position(key),
                Rank = key,
                Subs = runner.RunAll(node.Subs, docs),
            });
        }

        BucketSorting.Sort(buckets, order);
        return new(buckets) { Keyed = keyed };
    }

    /// <summary>
    /// Documents by bucket, as runs of places in each segment's list: a log is nearly in order of time, so a bucket is nearly
    /// always one run, and nothing is copied.
    /// </summary>
    private sealed class Spread(DocSet docs)
    {
        private readonly Dictionary<long, List<(int Segment, int Start, int End)>> _buckets = [];
        private long _lastKey;
        private List<(int Segment, int Start, int End)>? _last;

        public IReadOnlyCollection<long> Keys => _buckets.Keys;

        public void Add(long key, int segment, int place)
        {
            if (_last is null || key != _lastKey)
            {
                Add(key);
                _last = _buckets[key];
                _lastKey = key;
            }

            var runs = CollectionsMarshal.AsSpan(_last);
            if (runs.Length > 0 && runs[^1] is var run && run.Segment == segment && run.End == place)
            {
                runs[^1].End = place + 1;
            }
            else
            {
                _last.Add((segment, place, place + 1));
            }
        }

        public bool Add(long key) => _buckets.TryAdd(key, []);

        public DocSet Docs(long key)
        {
            var found = new ReadOnlyMemory<int>[docs.Docs.Length];
            var runs = _buckets[key];
            for (var i = 0; i < runs.Count;)
            {
                var (segment, start, end) = runs[i++];
                if (i == runs.Count || runs[i].Segment != segment)
                {
                    found[segment] = docs.Docs[segment][start..end];
                    continue;
                }

                var several = new List<int>(docs.Docs[segment].Span[start..end].ToArray());
                for (; i < runs.Count && runs[i].Segment == segment; i++)
                {
                    several.AddRange(docs.Docs[segment].Span[runs[i].Start..runs[i].End]);
                }

                found[segment] = several.ToArray();
            }

            return new(found);
        }
    }
}
