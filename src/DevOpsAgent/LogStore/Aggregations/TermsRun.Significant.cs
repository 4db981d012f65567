using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Values that stand out against the background, by the JLH score.</summary>
internal sealed partial class TermsRun
{
    public AggregationResult Significant(SignificantTermsAggregation aggregation)
    {
        var terms = _runner.Scope.Terms(aggregation.Field);
        var background = aggregation.Background is { } filter ? _runner.Scope.Filter(_runner.Scope.All(), filter) : _runner.Scope.All();
        if (terms.Field is null)
        {
            return Result([], background.Count);
        }

        var counts = Count(terms);
        var all = Count(terms, background);
        var wanted = TermSelection.Wanted(terms, aggregation.Filter);
        var scored = new List<(int Code, double Score)>();
        for (var code = 0; code < terms.Count; code++)
        {
            var score = Score(counts[code + 1], _docs.Count, all[code + 1], background.Count);
            if (score > 0 && counts[code + 1] >= aggregation.MinDocCount && (wanted is null || wanted[code]))
            {
                scored.Add((code, score));
            }
        }

        var chosen = scored.OrderByDescending(static s => s.Score).ThenByDescending(s => counts[s.Code + 1]).ThenBy(s => terms.Ranks[s.Code]).Take(aggregation.Size).ToList();
        var buckets = Buckets(terms, chosen.ConvertAll(static c => c.Code), counts, null, null, -1);
        for (var i = 0; i < buckets.Count; i++)
        {
            var (code, score) = chosen[i];
            buckets[i].WriteTail = json =>
            {
                json.WritePropertyName("score");
                NumberJson.Write(json, score);
                json.WriteNumber("bg_count", all[code + 1]);
            };
        }

        return Result(buckets, background.Count);
    }

    private BucketsResult Result(List<Bucket> buckets, long background) => new(buckets)
    {
        WriteHead = json =>
        {
            json.WriteNumber("doc_count", _docs.Count);
            json.WriteNumber("bg_count", background);
        },
    };

    /// <summary>How much more common, absolutely times relatively.</summary>
    private static double Score(long here, long hereAll, long there, long thereAll)
    {
        if (hereAll == 0 || thereAll == 0 || there == 0)
        {
            return 0;
        }

        var share = (double)here / hereAll;
        var usual = (double)there / thereAll;
        return share <= usual ? 0 : (share - usual) * (share / usual);
    }
}
