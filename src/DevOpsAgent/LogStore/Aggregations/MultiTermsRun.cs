using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>One bucket per combination of values of several fields.</summary>
internal sealed class MultiTermsRun(AggregationRunner runner, AggregationNode node)
{
    public AggregationResult Run(MultiTermsAggregation aggregation, DocSet docs)
    {
        var fields = aggregation.Fields.Select(runner.Scope.Terms).ToArray();
        if (fields.Any(static f => f.Field is null))
        {
            return Result([], 0);
        }

        var found = new Dictionary<string, (int[] Codes, List<int>[] Docs, int Count)>(StringComparer.Ordinal);
        var sets = fields.Select(static _ => new List<int>()).ToArray();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                for (var f = 0; f < fields.Length; f++)
                {
                    fields[f].Each(s, doc, sets[f]);
                }

                foreach (var codes in Combinations(sets))
                {
                    var key = string.Join(',', codes);
                    if (!found.TryGetValue(key, out var entry))
                    {
                        entry = (codes, [.. docs.Docs.Select(static _ => new List<int>())], 0);
                    }

                    entry.Docs[s].Add(doc);
                    found[key] = entry with { Count = entry.Count + 1 };
                }
            }
        }

        var order = aggregation.Order.Count == 0 ? new BucketOrder("_count", false) : aggregation.Order[0];
        var sign = order.Ascending ? 1 : -1;
        var entries = found.Values.Where(e => e.Count >= aggregation.MinDocCount).ToList();
        entries.Sort((a, b) => order.Path switch
        {
            "_count" => sign * a.Count.CompareTo(b.Count) is not 0 and var byCount ? byCount : ByKey(fields, a.Codes, b.Codes),
            "_key" => sign * ByKey(fields, a.Codes, b.Codes),
            _ => throw DslException.NotSupported("multi_terms.order by a metric"),
        });
        var chosen = entries.Take(aggregation.Size).ToList();
        runner.Scope.Bucket(chosen.Count);
        var buckets = chosen.ConvertAll(e => new Bucket
        {
            WriteKey = json =>
            {
                json.WriteStartArray("key");
                for (var f = 0; f < fields.Length; f++)
                {
                    TermKey.Write(json, fields[f], e.Codes[f]);
                }

                json.WriteEndArray();
                json.WriteString("key_as_string", string.Join('|', e.Codes.Select((c, f) => TermKey.Plain(fields[f], c))));
            },
            Name = string.Join('|', e.Codes.Select((c, f) => TermKey.Plain(fields[f], c))),
            DocCount = e.Count,
            Subs = runner.RunAll(node.Subs, new DocSet([.. e.Docs.Select(static d => d.ToArray())])),
        });
        return Result(buckets, entries.Sum(static e => (long)e.Count) - chosen.Sum(static e => (long)e.Count));
    }

    private static BucketsResult Result(List<Bucket> buckets, long others) => new(buckets)
    {
        WriteHead = json =>
        {
            json.WriteNumber("doc_count_error_upper_bound", 0);
            json.WriteNumber("sum_other_doc_count", others);
        },
    };

    private static int ByKey(FieldTerms[] fields, int[] a, int[] b)
    {
        for (var f = 0; f < fields.Length; f++)
        {
            var result = fields[f].Compare(a[f], b[f]);
            if (result != 0)
            {
                return result;
            }
        }

        return 0;
    }

    public static IEnumerable<int[]> Combinations(List<int>[] sets)
    {
        if (sets.Any(static s => s.Count == 0))
        {
            yield break;
        }

        var at = new int[sets.Length];
        while (true)
        {
            yield return [.. at.Select((i, f) => sets[f][i])];
            var place = sets.Length - 1;
            while (place >= 0 && ++at[place] == sets[place].Count)
            {
                at[place--] = 0;
            }

            if (place < 0)
            {
                yield break;
            }
        }
    }
}
