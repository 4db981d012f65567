namespace DevOpsAgent.Guards.Behaviour;

/// <summary>What is measured of an agent in each window. The order is stored: append only.</summary>
internal enum BehaviourMetric
{
    /// <summary>Receipts in the window.</summary>
    CallRate,

    /// <summary>Share of them that were denied, 0 to 1. A window without calls has none.</summary>
    DenyRate,

    /// <summary>Different tools called.</summary>
    UniqueTools,

    /// <summary>Mean over the calls of the parameters' Shannon entropy, bits per byte, 0 to 8. A window without calls has none.</summary>
    AvgParameterEntropy,
}

internal static class BehaviourMetrics
{
    public const int Count = 4;

    public static ReadOnlySpan<BehaviourMetric> All => [BehaviourMetric.CallRate, BehaviourMetric.DenyRate, BehaviourMetric.UniqueTools, BehaviourMetric.AvgParameterEntropy];

    /// <summary>As in evidence, JSON and documents.</summary>
    public static string Name(this BehaviourMetric metric) => metric switch
    {
        BehaviourMetric.CallRate => "call_rate",
        BehaviourMetric.DenyRate => "deny_rate",
        BehaviourMetric.UniqueTools => "unique_tools",
        _ => "avg_parameter_entropy",
    };

    /// <summary>Counts are 0 in an idle window; a share or a mean of nothing is no number.</summary>
    public static bool ZeroWhenIdle(this BehaviourMetric metric) => metric is BehaviourMetric.CallRate or BehaviourMetric.UniqueTools;
}
