using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>NetworkPolicy objects with ipBlock, and all that select Traefik's pods.</summary>
internal static class PolicyPatterns
{
    public static IEnumerable<BlockingPattern> Of(ClusterObjects objects, IReadOnlyList<EdgeReading> edges, PolicyEnforcement enforcement)
    {
        foreach (var item in objects.Of("NetworkPolicy").Where(ForIngress))
        {
            var selected = edges.Where(e => Selects(item, e)).Select(static e => e.Workload!).ToList();
            var blocks = item.Spec.At("ingress").Items().SelectMany(static r => r.At("from").Items()).Select(static p => p.At("ipBlock")).Where(static b => b is not null).ToList();
            if (blocks.Count == 0 && selected.Count == 0)
            {
                continue;
            }

            var cidrs = AddressTexts.Read(blocks.SelectMany(static b => b.At("cidr").Texts()));
            var except = AddressTexts.Read(blocks.SelectMany(static b => b.At("except").Texts()));
            var denies = except.Ranges.Count > 0 && cidrs.Ranges.All(static r => r.PrefixLength == 0);
            var problems = new List<string>();
            if (enforcement.State == Enforcement.Ignored)
            {
                problems.Add($"nothing enforces it: {enforcement.Reason}");
            }
            else if (enforcement.State == Enforcement.Unknown)
            {
                problems.Add($"whether anything enforces it isn't known: {enforcement.Reason}");
            }

            if (selected.Find(static w => w.Pod.At("hostNetwork").IsTrue()) is { } host)
            {
                problems.Add($"{host.Ref} is on the node's own network: no NetworkPolicy applies to it");
            }

            yield return new()
            {
                Kind = PatternKind.NetworkPolicy,
                Effect = denies ? PatternEffect.Denies : PatternEffect.Allows,
                Object = item.Ref,
                Path = denies ? "spec.ingress[].from[].ipBlock.except" : "spec.ingress[].from[].ipBlock.cidr",
                Ranges = denies ? except.Ranges : cidrs.Ranges,
                Count = denies ? except.Ranges.Count : cidrs.Ranges.Count,
                Invalid = cidrs.Invalid + except.Invalid,
                Protects = selected.Count > 0 ? [.. selected.Select(static w => $"the pods of {w.Ref}")] : [PodsOf(item)],
                Seen = enforcement.State != Enforcement.Ignored,
                Ours = item.Ours,
                Managers = item.Managers,
                CanDeny = false,
                CanDenyReason = denies
                    ? "another except would deny a client, but the object is somebody else's; a policy of our own can't take away what this one allows"
                    : "policies only add up: none can take away what another allows",
                Problems = problems,
            };
        }
    }

    /// <summary>All policies for incoming traffic that select the pods of a Traefik.</summary>
    public static IEnumerable<ObjectRef> Selecting(ClusterObjects objects, EdgeReading edge) =>
        objects.Of("NetworkPolicy").Where(static p => !p.Ours && ForIngress(p)).Where(p => Selects(p, edge)).Select(static p => p.Ref);

    private static bool ForIngress(ClusterObject policy) => policy.Spec.At("policyTypes") is not JsonArray types || types.Texts().Contains("Ingress", StringComparer.Ordinal);

    private static bool Selects(ClusterObject policy, EdgeReading edge) =>
        edge.Workload is { } workload && workload.Object.Namespace == policy.Namespace && LabelSelector.OfObject(policy.Spec.At("podSelector")).Matches(workload.PodLabels);

    private static string PodsOf(ClusterObject policy)
    {
        var labels = policy.Spec.At("podSelector", "matchLabels").TextMap().Select(static l => $"{l.Key}={l.Value}").Order(StringComparer.Ordinal).ToList();
        return ShownText.Of(labels.Count == 0 ? $"pods of namespace {policy.Namespace}" : $"pods of namespace {policy.Namespace} with {string.Join(", ", labels)}");
    }
}
