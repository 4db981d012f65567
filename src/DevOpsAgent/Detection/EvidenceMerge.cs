namespace DevOpsAgent.Detection;

/// <summary>One evidence out of several clients' own, for a campaign.</summary>
internal static class EvidenceMerge
{
    private const int Buckets = 60;

    public static Evidence Of(IReadOnlyList<Evidence> parts) => parts.Count == 0 ? new() : new()
    {
        FirstSeen = parts.Min(p => p.FirstSeen),
        LastSeen = parts.Max(p => p.LastSeen),
        Requests = parts.Sum(p => p.Requests),
        Matched = parts.Sum(p => p.Matched),
        Paths = Top(parts.SelectMany(p => p.Paths)),
        Agents = Top(parts.SelectMany(p => p.Agents)),
        Statuses = Top(parts.SelectMany(p => p.Statuses)),
        Hosts = Top(parts.SelectMany(p => p.Hosts)),
        Routers = Top(parts.SelectMany(p => p.Routers)),
        EntryPoints = Top(parts.SelectMany(p => p.EntryPoints)),
        Samples = Samples(parts),
        Chart = MergeCharts(parts),
        Forgeable = parts.All(p => p.Forgeable),
        SuspectLines = parts.Sum(p => p.SuspectLines),
        ForwardedLines = parts.Sum(p => p.ForwardedLines),
    };

    private static TopItem[] Top(IEnumerable<TopItem> items) =>
        [.. items.GroupBy(i => i.Value, StringComparer.Ordinal).Select(g => new TopItem(g.Key, g.Sum(i => i.Count), g.Last().Status))
            .OrderByDescending(i => i.Count).ThenBy(i => i.Value, StringComparer.Ordinal).Take(10)];

    /// <summary>One line of each client in turn, until twenty.</summary>
    private static string[] Samples(IReadOnlyList<Evidence> parts) =>
        [.. Enumerable.Range(0, EvidenceRecord.MaxSamples)
            .SelectMany(round => parts.OrderBy(p => p.FirstSeen).Where(p => p.Samples.Count > round).Select(p => p.Samples[round]))
            .Take(EvidenceRecord.MaxSamples)];

    private static Chart MergeCharts(IReadOnlyList<Evidence> parts)
    {
        var start = parts.Min(p => p.Chart.Start);
        var end = parts.Max(p => p.Chart.Start.AddSeconds((double)p.Chart.BucketSeconds * p.Chart.Ok.Count));
        var width = 5;
        while ((end - start).TotalSeconds > (double)width * Buckets && width < int.MaxValue / 2)
        {
            width *= 2;
        }

        var counts = new int[3][];
        for (var kind = 0; kind < 3; kind++)
        {
            counts[kind] = new int[Math.Clamp((int)Math.Ceiling((end - start).TotalSeconds / width), 1, Buckets)];
        }

        foreach (var chart in parts.Select(p => p.Chart))
        {
            for (var i = 0; i < chart.Ok.Count; i++)
            {
                var at = (int)Math.Clamp((chart.Start - start).TotalSeconds / width + (double)i * chart.BucketSeconds / width, 0, counts[0].Length - 1);
                counts[0][at] += chart.Ok[i];
                counts[1][at] += chart.Refused[i];
                counts[2][at] += chart.Failed[i];
            }
        }

        return new() { Start = start, BucketSeconds = width, Ok = counts[0], Refused = counts[1], Failed = counts[2] };
    }
}
