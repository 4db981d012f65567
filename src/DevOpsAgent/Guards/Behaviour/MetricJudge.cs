using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>Scores a closed window's sample against a baseline. Pure: the same numbers give the same score.</summary>
internal static class MetricJudge
{
    /// <summary>A share of fewer calls than this says too little for a ceiling.</summary>
    private const int FewestCallsForCeiling = 5;

    /// <param name="calls">In the window: what a share or mean rests on.</param>
    public static MetricScore Score(BehaviourMetric metric, in Baseline baseline, double sample, long calls, BehaviourConfig config)
    {
        var flags = ScoreFlags.Sample;
        var deviation = Math.Max(Math.Sqrt(baseline.Variance), Floor(metric, baseline.Mean, calls, config));
        if (baseline.Count >= 2)
        {
            flags |= ScoreFlags.Scored;
        }

        if (baseline.Count >= Math.Max(2, config.BaselineMinWindows))
        {
            if (Math.Abs(sample - baseline.Mean) > config.SigmaThreshold * deviation)
            {
                flags |= ScoreFlags.Unusual;
            }

            // Both: many times the slow mean, and more than chance around it.
            if (sample > config.MaxGrowth * baseline.SlowMean
                && sample - baseline.SlowMean > config.SigmaThreshold * Floor(metric, baseline.SlowMean, calls, config))
            {
                flags |= ScoreFlags.Growth;
            }
        }

        if (sample > Ceiling(metric, config) && (metric != BehaviourMetric.DenyRate || calls >= FewestCallsForCeiling))
        {
            flags |= ScoreFlags.Ceiling;
        }

        return new((float)sample, (float)baseline.Mean, (float)deviation, flags);
    }

    /// <summary>
    /// The least standard deviation that chance alone gives. Counts: Poisson, sqrt(max(mean, 1)). A share of n calls: binomial,
    /// sqrt(p (1 - p) / n), with p kept away from 0 and 1, where it would be 0. Entropy: a constant.
    /// </summary>
    public static double Floor(BehaviourMetric metric, double mean, long calls, BehaviourConfig config)
    {
        switch (metric)
        {
            case BehaviourMetric.DenyRate:
                var p = Math.Clamp(mean, config.DenyRateFloor, 1 - config.DenyRateFloor);
                return Math.Sqrt(p * (1 - p) / Math.Max(1, calls));
            case BehaviourMetric.AvgParameterEntropy:
                return config.EntropyFloor;
            default:
                return Math.Sqrt(Math.Max(mean, 1));
        }
    }

    public static double Ceiling(BehaviourMetric metric, BehaviourConfig config) => metric switch
    {
        BehaviourMetric.CallRate => config.MaxCallRate,
        BehaviourMetric.DenyRate => config.MaxDenyRate,
        BehaviourMetric.UniqueTools => config.MaxUniqueTools,
        _ => config.MaxParameterEntropy,
    };
}
