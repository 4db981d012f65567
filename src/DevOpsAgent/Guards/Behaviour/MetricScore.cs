namespace DevOpsAgent.Guards.Behaviour;

/// <summary>How one closed window compares with what was usual before it. Mean and deviation are those it was scored against.</summary>
internal readonly record struct MetricScore(float Sample, float Mean, float Deviation, ScoreFlags Flags)
{
    /// <summary>Standard deviations above (or below) the mean; null on a baseline too cold to say.</summary>
    public double? Z => Flags.HasFlag(ScoreFlags.Scored) && Deviation > 0 ? ((double)Sample - Mean) / Deviation : null;

    public bool HasSample => Flags.HasFlag(ScoreFlags.Sample);

    public bool IsAnomaly => (Flags & (ScoreFlags.Unusual | ScoreFlags.Growth | ScoreFlags.Ceiling)) != ScoreFlags.None;

    /// <summary>Unusual, by at most twice the threshold, and nothing else.</summary>
    public bool IsMild(double threshold) => (Flags & (ScoreFlags.Unusual | ScoreFlags.Growth | ScoreFlags.Ceiling)) == ScoreFlags.Unusual && Math.Abs(Z ?? 0) <= 2 * threshold;

    /// <summary>Below the mean, which is a sign of quiet rather than of harm.</summary>
    public bool IsDrop => IsAnomaly && Sample < Mean && !Flags.HasFlag(ScoreFlags.Ceiling);
}

/// <summary>Stored: append only.</summary>
[Flags]
internal enum ScoreFlags : byte
{
    None = 0,

    /// <summary>The window has a sample of this metric.</summary>
    Sample = 1,

    /// <summary>There was a baseline of two samples or more: z is defined.</summary>
    Scored = 2,

    /// <summary>|z| is above the threshold, on a baseline of enough windows.</summary>
    Unusual = 4,

    /// <summary>Far above the slow mean: growth too even for z.</summary>
    Growth = 8,

    /// <summary>Above the configured ceiling, whatever is usual.</summary>
    Ceiling = 16,

    /// <summary>The anomaly lasted: with this window it became the new usual.</summary>
    Adopted = 32,
}
