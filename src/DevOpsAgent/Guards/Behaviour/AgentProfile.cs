using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>
/// The behaviour of one agent identity: the open window's counts, the baselines, and the last closed windows with their
/// scores. Everything takes time as the number of a window, so that the same receipts give the same profile.
/// Not thread safe: <see cref="BehaviourProfiles"/> holds a lock.
/// </summary>
internal sealed class AgentProfile(string agent)
{
    /// <summary>Closed windows that are kept to be shown.</summary>
    public const int KeptWindows = 60;

    /// <summary>
    /// A clock set back by more windows than this was wrong before, not now: windows count as new again. Below it the
    /// windows that come a second time are scored and not folded.
    /// </summary>
    private const int LongestSetBack = 60;

    private readonly ClosedWindow[] _closed = new ClosedWindow[KeptWindows];
    private MetricStates _metrics;
    private int _next;

    public string Agent { get; } = agent;

    public WindowCounts Counts { get; } = new();

    /// <summary>The open window; -1: none yet.</summary>
    public long Window { get; private set; } = -1;

    /// <summary>The highest window that was folded, or filled with zeros: none at or below it is ever folded again.</summary>
    public long Folded { get; private set; } = -1;

    public DateTimeOffset LastSeen { get; set; }

    public int ClosedCount { get; private set; }

    public MetricState Metric(BehaviourMetric metric) => _metrics[(int)metric];

    /// <param name="back">0: the newest.</param>
    public ref readonly ClosedWindow Closed(int back) => ref _closed[(_next - 1 - back + 2 * KeptWindows) % KeptWindows];

    /// <summary>Counts one receipt of this window. True: a window was closed by it.</summary>
    public bool Add(long window, ulong tool, bool denied, double entropy, BehaviourConfig config)
    {
        // One window late is two threads at the turn of a minute: it counts in the open one. More is a clock that was set back.
        if (window < Window - 1)
        {
            SetBack(window);
        }

        var closed = Advance(window, config);
        Counts.Add(tool, denied, entropy);
        return closed;
    }

    /// <summary>Closes every window before this one: the open one by its counts, those without any receipt as idle. Going back does nothing.</summary>
    public bool Advance(long window, BehaviourConfig config)
    {
        if (window <= Window)
        {
            return false;
        }

        if (Window < 0)
        {
            (Window, Folded) = (window, window - 1);
            return false;
        }

        CloseOpen(config);
        var idle = window - 1 - Math.Max(Window, Folded);
        if (idle > 0)
        {
            // A gap as long as this says no more than a shorter one: a clock that jumped ahead moves the baseline by a bounded step.
            CloseIdle(window, Math.Min(idle, config.MaxIdleWindows), config);
            Folded = window - 1;
        }

        Window = window;
        return true;
    }

    /// <summary>As stored.</summary>
    public void Restore(long window, long folded, in MetricStates metrics, ReadOnlySpan<ClosedWindow> closed)
    {
        (Window, Folded, _metrics) = (window, folded, metrics);
        foreach (ref readonly var one in closed)
        {
            Keep(one);
        }
    }

    private void CloseOpen(BehaviourConfig config)
    {
        var teach = Window > Folded;
        var scores = default(MetricScores);
        foreach (var metric in BehaviourMetrics.All)
        {
            if (Counts.TrySample(metric, out var sample))
            {
                scores[(int)metric] = _metrics[(int)metric].Close(metric, sample, Counts.Calls, teach, config);
            }
        }

        Keep(new(Window, scores));
        Folded = Math.Max(Folded, Window);
        Counts.Clear();
    }

    /// <summary>So many idle windows before <paramref name="end"/>: all but the last few, which are shown one by one, in one step.</summary>
    private void CloseIdle(long end, long windows, BehaviourConfig config)
    {
        var shown = Math.Min(windows, KeptWindows);
        foreach (var metric in BehaviourMetrics.All)
        {
            if (metric.ZeroWhenIdle())
            {
                _metrics[(int)metric].CloseZeros(metric, windows - shown, config);
            }
        }

        for (var window = end - shown; window < end; window++)
        {
            var scores = default(MetricScores);
            foreach (var metric in BehaviourMetrics.All)
            {
                if (metric.ZeroWhenIdle())
                {
                    scores[(int)metric] = _metrics[(int)metric].Close(metric, 0, 0, teach: true, config);
                }
            }

            Keep(new(window, scores));
        }
    }

    /// <summary>The open window was cut short: it is neither scored nor folded.</summary>
    private void SetBack(long window)
    {
        Counts.Clear();
        Window = window;
        if (Folded - window > LongestSetBack)
        {
            Folded = window - 1;
        }
    }

    private void Keep(in ClosedWindow closed)
    {
        _closed[_next] = closed;
        _next = (_next + 1) % KeptWindows;
        ClosedCount = Math.Min(ClosedCount + 1, KeptWindows);
    }
}
