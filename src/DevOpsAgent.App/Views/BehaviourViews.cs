using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Behaviour;

namespace DevOpsAgent.App.Views;

// What `behaviour show --json` and GET /api/behaviour give. Keys are these names in snake_case; they are a contract: append only.

/// <param name="Total">Agents remembered; Items may be fewer.</param>
internal sealed record BehaviourView(
    DateTimeOffset At, bool Enabled, int WindowSecs, double SigmaThreshold, int BaselineMinWindows, int RelearnWindows, int MaxAgents, long Evictions, int Total, IReadOnlyList<AgentBehaviourView> Items)
{
    public static BehaviourView Of(IBehaviourStore store, BehaviourConfig config, DateTimeOffset now, string? agent, int limit)
    {
        var profiles = BehaviourReport.Read(store, config, now);
        var shown = profiles.Where(p => agent is null || p.Agent == agent).Take(limit).Select(p => AgentBehaviourView.Of(p, config));
        return new(now, config.Enabled, config.WindowSecs, config.SigmaThreshold, config.BaselineMinWindows, config.RelearnWindows, config.MaxAgents, store.Evictions(), profiles.Count, [.. shown]);
    }
}

/// <param name="OpenCalls">Calls in the window that is not over yet: not scored.</param>
/// <param name="Signals">What the guard says with this agent's calls now.</param>
internal sealed record AgentBehaviourView(string Agent, DateTimeOffset LastSeen, DateTimeOffset OpenWindow, long OpenCalls, IReadOnlyList<MetricBehaviourView> Metrics, IReadOnlyList<BehaviourSignalView> Signals)
{
    public static AgentBehaviourView Of(AgentProfile profile, BehaviourConfig config) => new(
        profile.Agent, profile.LastSeen, BehaviourDecision.StartOf(Math.Max(0, profile.Window), config), profile.Counts.Calls,
        [.. BehaviourMetrics.All.ToArray().Select(m => MetricBehaviourView.Of(profile, m, config))],
        [.. BehaviourDecision.Of(profile, null, config).Signals.Select(static s => new BehaviourSignalView(s.Metadata["metric"], IncidentView.Name(s.Severity), s.Description))]);
}

internal sealed record BehaviourSignalView(string Metric, string Severity, string Description);

/// <summary>One metric: what is usual now, and the last windows, oldest first.</summary>
/// <param name="Windows">Samples that the baseline rests on.</param>
/// <param name="Low">The band that counts as usual: mean -/+ sigma_threshold deviations; null on a cold baseline.</param>
/// <param name="Held">Anomalous windows kept out of the baseline; at relearn_windows they become it.</param>
internal sealed record MetricBehaviourView(
    string Metric, string Unit, long Windows, double Mean, double Deviation, double? Low, double? High, double SlowMean, double Ceiling, int Held, IReadOnlyList<WindowBehaviourView> History)
{
    public static MetricBehaviourView Of(AgentProfile profile, BehaviourMetric metric, BehaviourConfig config)
    {
        var state = profile.Metric(metric);
        var usual = state.Usual;
        var calls = (long)Math.Round(profile.Metric(BehaviourMetric.CallRate).Usual.Mean);
        var deviation = Math.Max(Math.Sqrt(usual.Variance), MetricJudge.Floor(metric, usual.Mean, calls, config));
        var warm = usual.Count >= Math.Max(2, config.BaselineMinWindows);
        var history = new List<WindowBehaviourView>(profile.ClosedCount);
        for (var back = profile.ClosedCount - 1; back >= 0; back--)
        {
            ref readonly var closed = ref profile.Closed(back);
            history.Add(WindowBehaviourView.Of(closed.Window, closed.Scores[(int)metric], config));
        }

        return new(
            metric.Name(), UnitOf(metric), usual.Count, Round(usual.Mean), Round(deviation),
            warm ? Round(Math.Max(0, usual.Mean - config.SigmaThreshold * deviation)) : null, warm ? Round(usual.Mean + config.SigmaThreshold * deviation) : null,
            Round(usual.SlowMean), MetricJudge.Ceiling(metric, config), state.Held, history);
    }

    internal static double Round(double value) => Math.Round(value, 4);

    private static string UnitOf(BehaviourMetric metric) => metric switch
    {
        BehaviourMetric.CallRate => "calls",
        BehaviourMetric.DenyRate => "share",
        BehaviourMetric.UniqueTools => "tools",
        _ => "bits per byte",
    };
}

/// <param name="Sample">Null: the window had none, as the deny rate of a window without calls.</param>
/// <param name="Low">The band it was held against; null before there was one.</param>
/// <param name="Flags">"unusual", "drop", "growth", "ceiling".</param>
/// <param name="Adopted">With this window the anomaly became the new usual.</param>
internal sealed record WindowBehaviourView(DateTimeOffset Start, double? Sample, double? Mean, double? Low, double? High, double? Z, IReadOnlyList<string> Flags, bool Adopted)
{
    public static WindowBehaviourView Of(long window, in MetricScore score, BehaviourConfig config)
    {
        var start = BehaviourDecision.StartOf(window, config);
        if (!score.HasSample)
        {
            return new(start, null, null, null, null, null, [], false);
        }

        var (mean, reach) = ((double)score.Mean, config.SigmaThreshold * score.Deviation);
        var scored = score.Z is not null;
        return new(
            start, MetricBehaviourView.Round(score.Sample), scored ? MetricBehaviourView.Round(mean) : null, scored ? MetricBehaviourView.Round(Math.Max(0, mean - reach)) : null,
            scored ? MetricBehaviourView.Round(mean + reach) : null, score.Z is { } z ? MetricBehaviourView.Round(z) : null, BehaviourDecision.Reasons(score), score.Flags.HasFlag(ScoreFlags.Adopted));
    }
}
