using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>What a policy would have said to recorded events.</summary>
/// <param name="Events">Judged.</param>
/// <param name="Unknown">Of processes that the policy does not have, with their number.</param>
/// <param name="Findings">Violations that differ, the most frequent first.</param>
internal sealed record PolicySimulation(int Events, int Violations, IReadOnlyDictionary<string, int> Unknown, IReadOnlyList<SimulatedViolation> Findings)
{
    public static PolicySimulation Run(GuardPolicy policy, IEnumerable<GuardEvent> events, TimeProvider time)
    {
        var engine = new GuardEngine(policy, time);
        var unknown = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var found = new Dictionary<(string, string, string), SimulatedViolation>();
        var (judged, violations) = (0, 0);
        foreach (var seen in events)
        {
            if (!engine.Policy.ByName.ContainsKey(seen.Process))
            {
                unknown[seen.Process] = unknown.GetValueOrDefault(seen.Process) + 1;
                continue;
            }

            judged++;

            // What happened when it was recorded says nothing about what this policy would do.
            if (engine.Judge(seen with { Outcome = null }) is { } violation)
            {
                violations++;
                var key = (violation.ProcessName, violation.Type, violation.Detail);
                found[key] = found.TryGetValue(key, out var known) ? known with { Count = known.Count + 1 } : new(violation, 1);
            }
        }

        return new(judged, violations, unknown, [.. found.Values.OrderByDescending(static f => f.Count)]);
    }
}

internal sealed record SimulatedViolation(Violation Violation, int Count);
