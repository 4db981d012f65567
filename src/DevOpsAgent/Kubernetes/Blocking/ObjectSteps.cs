using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

internal enum StepKind
{
    Create,
    Update,
    Delete,
}

/// <summary>One write. What stood there before is kept for taking it back.</summary>
/// <param name="Difference">For an update: the first field that differs.</param>
internal sealed record ObjectStep(StepKind Kind, ResourceType Type, ObjectKey Key, OwnedObject? Wanted, StandingObject? Before, string? Difference = null)
{
    /// <summary>The newest other manager with a say in what the object does, or who took our labels; null: nobody else touched it.</summary>
    public FieldManager? Editor => Before is null ? null
        : FieldManagers.Others(Before.Body).FirstOrDefault(m => m.Decides || Difference?.StartsWith("metadata.labels", StringComparison.Ordinal) == true);
}

/// <summary>The writes that make the cluster hold exactly what is wanted, in an order in which no step leaves a route without its middleware.</summary>
internal static class ObjectSteps
{
    public static IReadOnlyList<ObjectStep> Of(IReadOnlyList<OwnedObject> wanted, StandingObjects standing)
    {
        var steps = new List<ObjectStep>();
        foreach (var item in wanted)
        {
            if (!standing.Ours.TryGetValue(item.Key, out var actual))
            {
                steps.Add(new(StepKind.Create, item.Type, item.Key, item, null));
            }
            else if (ObjectDifference.Of(item, actual.Body) is { } difference)
            {
                steps.Add(new(StepKind.Update, item.Type, item.Key, item, actual, difference));
            }
        }

        var keys = wanted.Select(static w => w.Key).ToHashSet();
        steps.AddRange(standing.Ours.Values.Where(o => !keys.Contains(o.Key))
            .OrderBy(static o => Rank(o.Type)).ThenBy(static o => o.Key.Name, StringComparer.Ordinal)
            .Select(static o => new ObjectStep(StepKind.Delete, o.Type, o.Key, null, o)));
        return steps;
    }

    /// <summary>One sentence for people about the first thing that is not as it should be; null where all is.</summary>
    /// <param name="deleted">Whether this object was seen to be deleted by somebody else.</param>
    public static (string? Drift, bool Foreign) Drift(IReadOnlyList<ObjectStep> steps, StandingObjects standing, Func<ObjectKey, bool> deleted)
    {
        if (standing.Strangers.Count > 0)
        {
            return (Stranger(standing.Strangers[0]), true);
        }

        // Somebody's hand is what people want to know of first.
        var step = steps.FirstOrDefault(static s => s.Editor is not null) ?? steps.FirstOrDefault(s => deleted(s.Key)) ?? (steps.Count > 0 ? steps[0] : null);
        return step switch
        {
            null => (null, false),
            { Editor: { } editor } => ($"{step.Key} was edited by {FieldManagers.Show(editor)}", true),
            { Kind: StepKind.Create } when deleted(step.Key) => ($"{step.Key} was deleted by someone else (the API server's audit log has the name)", true),
            { Kind: StepKind.Create } => ($"{step.Key} is missing", false),
            { Kind: StepKind.Delete } => ($"{step.Key} should not be there", false),
            { Difference: "metadata.deletionTimestamp" } => ($"{step.Key} is being deleted by someone else", true),
            _ => ($"{step.Key} is stale: {step.Difference} differs", false),
        };
    }

    public static string Stranger(StandingObject stranger)
    {
        var maker = FieldManagers.Of(stranger.Body);
        return $"{stranger.Key} is there and was not made by devops-agent{(maker.Count > 0 ? $" but by {FieldManagers.Show(maker[0])}" : "")}";
    }

    /// <summary>Routes go before what they refer to.</summary>
    private static int Rank(ResourceType type) => type.Kind switch
    {
        "IngressRoute" or "IngressRouteTCP" => 0,
        "Service" => 2,
        _ => 1,
    };
}
