using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Puts finished buckets in a requested order; equal ones stay by key.</summary>
internal static class BucketSorting
{
    public static void Sort(List<Bucket> buckets, IReadOnlyList<BucketOrder> order)
    {
        if (order is [{ Path: "_key", Ascending: true }] or [])
        {
            return;
        }

        var sorted = buckets.Select(b => (Bucket: b, Values: order.Select(o => Value(b, o.Path)).ToArray())).ToList();
        sorted.Sort((a, b) =>
        {
            for (var i = 0; i < order.Count; i++)
            {
                var (x, y) = (a.Values[i], b.Values[i]);
                var result = double.IsNaN(x) || double.IsNaN(y) ? double.IsNaN(x).CompareTo(double.IsNaN(y)) : x.CompareTo(y) * (order[i].Ascending ? 1 : -1);
                if (result != 0)
                {
                    return result;
                }
            }

            return a.Bucket.Rank.CompareTo(b.Bucket.Rank);
        });
        buckets.Clear();
        buckets.AddRange(sorted.Select(static s => s.Bucket));
    }

    private static double Value(Bucket bucket, string path) => path switch
    {
        "_count" => bucket.DocCount,
        "_key" => bucket.Rank,
        _ => BucketPath.Parse(path).Value(bucket.Subs, bucket.DocCount) ?? double.NaN,
    };
}
