using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Service;

/// <summary>
/// How the detection did on a labelled recording. A client counts as found when an incident that recommends a block holds
/// it; as noisy when it is labelled ignore and stands in any incident above low. Clients without a label aren't judged.
/// </summary>
internal sealed record ReplayReport
{
    /// <summary>Labelled clients.</summary>
    public required int Clients { get; init; }

    /// <summary>Clients labelled block.</summary>
    public required int ExpectedBlock { get; init; }

    /// <summary>Of these, how many got a block recommendation.</summary>
    public required int Found { get; init; }

    /// <summary>Found / expected; 1 when none was expected.</summary>
    public required double Recall { get; init; }

    public required IReadOnlyList<string> MissedClients { get; init; }

    /// <summary>Clients labelled ignore that got a block recommendation.</summary>
    public required int FalseBlocks { get; init; }

    public required IReadOnlyList<string> FalseBlockClients { get; init; }
    public required IReadOnlyList<string> NoisyClients { get; init; }

    /// <summary>Share of the clients labelled review that stand in an incident, alone or in a campaign.</summary>
    public required double ReviewRecall { get; init; }

    /// <summary>Requests of a found client until the block was recommended; null when none was found.</summary>
    public required double? MedianRequestsToDetect { get; init; }

    /// <summary>The same for each found client.</summary>
    public required IReadOnlyDictionary<string, long> RequestsToDetect { get; init; }

    public required long Lines { get; init; }
    public required long Unparsed { get; init; }
    public required double Seconds { get; init; }

    public static ReplayReport Of(IReadOnlyDictionary<ClientAddress, Expectation> labels, IEnumerable<Incident> incidents, long lines, long unparsed, double seconds)
    {
        var seen = new HashSet<ClientAddress>();
        var noisy = new HashSet<ClientAddress>();
        var detected = new SortedDictionary<ClientAddress, long>();
        foreach (var incident in incidents)
        {
            foreach (var client in incident.Clients)
            {
                seen.Add(client);
                if (incident.Severity > Severity.Low)
                {
                    noisy.Add(client);
                }

                if (incident.Recommendation?.Action == RuleAction.Block)
                {
                    var at = incident.Evidence.Rules.Where(static r => r.Fired && r.Action == RuleAction.Block && r.FiredAtRequest > 0).Select(static r => r.FiredAtRequest).DefaultIfEmpty(0).Min();
                    detected[client] = detected.TryGetValue(client, out var earlier) ? Math.Min(earlier, at) : at;
                }
            }
        }

        var expected = Labelled(Expectation.Block);
        var found = expected.Where(detected.ContainsKey).ToList();
        var review = Labelled(Expectation.Review);
        var ignore = Labelled(Expectation.Ignore);
        return new()
        {
            Clients = labels.Count,
            ExpectedBlock = expected.Count,
            Found = found.Count,
            Recall = expected.Count == 0 ? 1 : (double)found.Count / expected.Count,
            MissedClients = Names(expected.Except(found)),
            FalseBlocks = ignore.Count(detected.ContainsKey),
            FalseBlockClients = Names(ignore.Where(detected.ContainsKey)),
            NoisyClients = Names(ignore.Where(noisy.Contains)),
            ReviewRecall = review.Count == 0 ? 1 : (double)review.Count(seen.Contains) / review.Count,
            MedianRequestsToDetect = found.Count == 0 ? null : Median([.. found.Select(c => detected[c])]),
            RequestsToDetect = found.ToDictionary(static c => c.ToString(), c => detected[c], StringComparer.Ordinal),
            Lines = lines,
            Unparsed = unparsed,
            Seconds = Math.Round(seconds, 3),
        };

        List<ClientAddress> Labelled(Expectation expectation) => [.. labels.Where(l => l.Value == expectation).Select(static l => l.Key).Order()];
        static IReadOnlyList<string> Names(IEnumerable<ClientAddress> clients) => [.. clients.Select(static c => c.ToString())];
    }

    private static double Median(List<long> values)
    {
        values.Sort();
        var middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
    }
}
