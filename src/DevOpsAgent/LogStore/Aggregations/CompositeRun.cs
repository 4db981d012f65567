using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Pages through all combinations of several sources in the order of their keys.</summary>
internal sealed class CompositeRun(AggregationRunner runner, AggregationNode node)
{
    /// <summary>Up to so many possible keys an array counts them; beyond, a dictionary.</summary>
    private const int MaxTable = 1 << 22;

    public AggregationResult Run(CompositeAggregation aggregation, DocSet docs)
    {
        var columns = aggregation.Sources.Select(s => new CompositeColumn(runner.Scope, s)).ToArray();
        var after = After(aggregation, columns);
        UInt128 width = 1;
        foreach (var column in columns)
        {
            width *= (UInt128)column.Width;
        }

        var counts = width <= MaxTable && !columns.Any(static c => c.HasExtras) ? CountTable(columns, docs, (int)width) : CountDictionary(columns, docs);
        var keys = counts.Keys.Where(k => after is null || k > after).Order().Take(aggregation.Size).ToArray();
        runner.Scope.Bucket(keys.Length);
        var sets = node.Subs.Count > 0 ? Gather(columns, docs, keys) : null;
        var buckets = keys.Select((key, i) => new Bucket
        {
            WriteKey = json =>
            {
                json.WritePropertyName("key");
                Key(json, columns, key);
            },
            DocCount = counts[key],
            Rank = i,
            Subs = sets is null ? [] : runner.RunAll(node.Subs, sets[i]),
        }).ToList();
        return new BucketsResult(buckets)
        {
            WriteHead = json =>
            {
                if (keys.Length > 0)
                {
                    json.WritePropertyName("after_key");
                    Key(json, columns, keys[^1]);
                }
            },
        };
    }

    private static UInt128? After(CompositeAggregation aggregation, CompositeColumn[] columns)
    {
        if (aggregation.After is not { } after)
        {
            return null;
        }

        if (after.Count != columns.Length && columns.All(c => after.ContainsKey(c.Name)))
        {
            throw DslException.Shard("illegal_argument_exception", $"[after] has {after.Count} value(s) but [sources] has {columns.Length}");
        }

        UInt128 key = 0;
        foreach (var column in columns)
        {
            key = (key * (UInt128)column.Width) + (UInt128)column.After(after.TryGetValue(column.Name, out var value) ? value : throw DslException.Shard("illegal_argument_exception", $"Missing value for [after.{column.Name}]"));
        }

        return key;
    }

    private static Dictionary<UInt128, int> CountTable(CompositeColumn[] columns, DocSet docs, int width)
    {
        var table = new int[width];
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                var key = 0;
                foreach (var column in columns)
                {
                    var place = column.Single(s, doc);
                    if (place < 0)
                    {
                        key = -1;
                        break;
                    }

                    key = (key * column.Width) + place;
                }

                if (key >= 0)
                {
                    table[key]++;
                }
            }
        }

        var counts = new Dictionary<UInt128, int>();
        for (var key = 0; key < table.Length; key++)
        {
            if (table[key] > 0)
            {
                counts[(UInt128)key] = table[key];
            }
        }

        return counts;
    }

    private static Dictionary<UInt128, int> CountDictionary(CompositeColumn[] columns, DocSet docs)
    {
        var counts = new Dictionary<UInt128, int>();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                foreach (var key in KeysOf(columns, s, doc))
                {
                    System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _)++;
                }
            }
        }

        return counts;
    }

    private static IEnumerable<UInt128> KeysOf(CompositeColumn[] columns, int segment, int doc)
    {
        var sets = new List<int>[columns.Length];
        for (var c = 0; c < columns.Length; c++)
        {
            sets[c] = [];
            columns[c].Each(segment, doc, sets[c]);
        }

        foreach (var places in MultiTermsRun.Combinations(sets))
        {
            UInt128 key = 0;
            for (var c = 0; c < columns.Length; c++)
            {
                key = (key * (UInt128)columns[c].Width) + (UInt128)places[c];
            }

            yield return key;
        }
    }

    private static DocSet[] Gather(CompositeColumn[] columns, DocSet docs, UInt128[] keys)
    {
        var place = keys.Select(static (k, i) => (k, i)).ToDictionary(static p => p.k, static p => p.i);
        var lists = keys.Select(_ => docs.Docs.Select(static _ => new List<int>()).ToArray()).ToArray();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                foreach (var key in KeysOf(columns, s, doc))
                {
                    if (place.TryGetValue(key, out var at))
                    {
                        lists[at][s].Add(doc);
                    }
                }
            }
        }

        return [.. lists.Select(static l => new DocSet([.. l.Select(static d => d.ToArray())]))];
    }

    private static void Key(Utf8JsonWriter json, CompositeColumn[] columns, UInt128 key)
    {
        var places = new int[columns.Length];
        for (var c = columns.Length - 1; c >= 0; c--)
        {
            places[c] = (int)(key % (UInt128)columns[c].Width);
            key /= (UInt128)columns[c].Width;
        }

        json.WriteStartObject();
        for (var c = 0; c < columns.Length; c++)
        {
            json.WritePropertyName(columns[c].Name);
            columns[c].Write(json, places[c]);
        }

        json.WriteEndObject();
    }
}
