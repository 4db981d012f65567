using System.Globalization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>What the closed windows of a profile say, as a guard's answer: always Allow, the last window as evidence, anomalies as signals.</summary>
internal static class BehaviourDecision
{
    public const string Guard = "behaviour";

    /// <param name="fault">Why the profile may be incomplete; null: it is not.</param>
    public static GuardDecision Of(AgentProfile? profile, string? fault, BehaviourConfig config)
    {
        var evidence = new List<GuardEvidence>();
        var signals = new List<Signal>();
        if (fault is not null)
        {
            signals.Add(new(Guard, $"The behavioural profile may be incomplete: {fault}", SignalSeverity.Low, new Dictionary<string, string>(StringComparer.Ordinal) { ["fault"] = fault }));
        }

        if (profile is { ClosedCount: > 0 })
        {
            ref readonly var last = ref profile.Closed(0);
            evidence.Add(new(Guard, "window", StartOf(last.Window, config).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
            foreach (var metric in BehaviourMetrics.All)
            {
                if (last.Scores[(int)metric] is { HasSample: true } score)
                {
                    evidence.Add(new(Guard, metric.Name(), Text(score)));
                }

                if (Strongest(profile, metric, config) is { } found)
                {
                    signals.Add(SignalOf(metric, found.Score, found.Window, config));
                }
            }
        }
        else
        {
            evidence.Add(new(Guard, "baseline", "none yet"));
        }

        return GuardDecision.Allow with { Evidence = evidence, Signals = signals };
    }

    public static DateTimeOffset StartOf(long window, BehaviourConfig config) => DateTimeOffset.FromUnixTimeSeconds(window * config.WindowSecs);

    /// <summary>A ceiling: high. Growth: medium. Unusual: by how far, low above the threshold, medium above twice, high above four times it. A drop: info.</summary>
    public static SignalSeverity Severity(in MetricScore score, BehaviourConfig config)
    {
        if (score.IsDrop)
        {
            return SignalSeverity.Info;
        }

        var times = Math.Abs(score.Z ?? 0) / config.SigmaThreshold;
        return score.Flags.HasFlag(ScoreFlags.Ceiling) || times > 4 ? SignalSeverity.High
            : score.Flags.HasFlag(ScoreFlags.Growth) || times > 2 ? SignalSeverity.Medium
            : SignalSeverity.Low;
    }

    /// <summary>"far above usual", "growing", "above the ceiling", "far below usual".</summary>
    public static IReadOnlyList<string> Reasons(in MetricScore score)
    {
        var reasons = new List<string>();
        if (score.Flags.HasFlag(ScoreFlags.Ceiling))
        {
            reasons.Add("ceiling");
        }

        if (score.Flags.HasFlag(ScoreFlags.Growth))
        {
            reasons.Add("growth");
        }

        if (score.Flags.HasFlag(ScoreFlags.Unusual))
        {
            reasons.Add(score.IsDrop ? "drop" : "unusual");
        }

        return reasons;
    }

    private static (MetricScore Score, long Window)? Strongest(AgentProfile profile, BehaviourMetric metric, BehaviourConfig config)
    {
        (MetricScore Score, long Window)? found = null;
        for (var back = 0; back < profile.ClosedCount; back++)
        {
            ref readonly var closed = ref profile.Closed(back);
            if (closed.Window < profile.Window - config.SignalWindows)
            {
                break;
            }

            var score = closed.Scores[(int)metric];
            if (score.IsAnomaly && (found is not { } best || Severity(score, config) > Severity(best.Score, config)))
            {
                found = (score, closed.Window);
            }
        }

        return found;
    }

    private static Signal SignalOf(BehaviourMetric metric, MetricScore score, long window, BehaviourConfig config)
    {
        var why = score.Flags.HasFlag(ScoreFlags.Ceiling) ? $"is above its ceiling {Number(MetricJudge.Ceiling(metric, config))}"
            : score.Flags.HasFlag(ScoreFlags.Unusual) ? score.IsDrop ? "is far below what is usual" : "is far above what is usual"
            : "grows steadily";
        return new(Guard, $"{metric.Name()} {why}: {Text(score)}", Severity(score, config), new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["metric"] = metric.Name(),
            ["window"] = StartOf(window, config).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["sample"] = Number(score.Sample),
            ["mean"] = Number(score.Mean),
            ["deviation"] = Number(score.Deviation),
            ["z"] = score.Z is { } z ? Number(z) : "",
            ["reasons"] = string.Join(',', Reasons(score)),
        });
    }

    private static string Text(in MetricScore score) => score.Z is { } z
        ? $"{Number(score.Sample)} (usual {Number(score.Mean)} ± {Number(score.Deviation)}, z {Number(z)})"
        : $"{Number(score.Sample)} (no baseline yet)";

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
