using System.Runtime.CompilerServices;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>A window that is over, with the score of each metric.</summary>
/// <param name="Window">Its number: Unix seconds / window length.</param>
internal readonly record struct ClosedWindow(long Window, MetricScores Scores)
{
    public bool IsAnomaly
    {
        get
        {
            foreach (var score in Scores)
            {
                if (score.IsAnomaly)
                {
                    return true;
                }
            }

            return false;
        }
    }
}

/// <summary>By <see cref="BehaviourMetric"/>.</summary>
[InlineArray(BehaviourMetrics.Count)]
internal struct MetricScores
{
    private MetricScore _first;
}

/// <summary>By <see cref="BehaviourMetric"/>.</summary>
[InlineArray(BehaviourMetrics.Count)]
internal struct MetricStates
{
    private MetricState _first;
}
