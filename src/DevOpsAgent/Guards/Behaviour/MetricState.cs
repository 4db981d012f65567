using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>
/// One metric of one agent: what is usual, and, while anomalies last, what would be if they were believed. An anomalous
/// window is scored and kept out of the baseline (quarantined); it teaches only the candidate. After relearn_windows
/// anomalous windows the candidate becomes the baseline; after as many normal ones in a row the episode is forgotten.
/// One exception: a mild anomaly (at most twice the threshold) with normal windows on both sides is what chance gives now
/// and then, and is folded once the window after it has shown that it was no step.
/// Without it a baseline that only ever sees what it finds normal grows narrower until one window in seven is "unusual".
/// </summary>
internal struct MetricState
{
    private Baseline _usual;
    private Baseline _candidate;
    private double _waiting;
    private bool _waits;

    public readonly Baseline Usual => _usual;

    public readonly Baseline Candidate => _candidate;

    /// <summary>Anomalous windows of the running episode; 0: none runs.</summary>
    public int Held { get; private set; }

    /// <summary>Normal windows since the episode's last anomaly.</summary>
    public int Quiet { get; private set; }

    /// <summary>The window before was normal.</summary>
    private readonly bool IsIsolated => Held == 0 || Quiet > 0;

    /// <summary>A mild anomaly that waits for the window after it; negative: none waits.</summary>
    public readonly double Waiting => _waits ? _waiting : -1;

    public static MetricState Of(Baseline usual, Baseline candidate, int held, int quiet, double waiting) =>
        new() { _usual = usual, _candidate = candidate, Held = held, Quiet = quiet, _waiting = waiting, _waits = waiting >= 0 };

    /// <summary>Scores first, then folds: a sample never softens the baseline it is held against.</summary>
    /// <param name="teach">False: this window was folded before, or can't be trusted.</param>
    public MetricScore Close(BehaviourMetric metric, double sample, long calls, bool teach, BehaviourConfig config)
    {
        var score = MetricJudge.Score(metric, _usual, sample, calls, config);
        if (!teach)
        {
            return score;
        }

        if (score.IsAnomaly)
        {
            if (Held == 0)
            {
                _candidate = _usual;
            }

            _candidate.Fold(sample, config.EmaAlpha);
            _waits = IsIsolated && score.IsMild(config.SigmaThreshold);
            _waiting = sample;

            return Hold(1, config) ? score with { Flags = score.Flags | ScoreFlags.Adopted } : score;
        }

        if (_waits)
        {
            _waits = false;
            _usual.Fold(_waiting, config.EmaAlpha);
        }

        _usual.Fold(sample, config.EmaAlpha);
        if (Held > 0)
        {
            _candidate.Fold(sample, config.EmaAlpha);
            Rest(1, config);
        }

        return score;
    }

    /// <summary>
    /// The same as closing so many windows of sample 0 one by one, without walking them. A baseline under quarantine doesn't
    /// move, so that a run of zeros is anomalous up to the adoption; and once 0 is normal it stays normal, because the mean
    /// falls faster than the deviation (r^k against r^(k/2)).
    /// </summary>
    public void CloseZeros(BehaviourMetric metric, long windows, BehaviourConfig config)
    {
        while (windows > 0)
        {
            var anomaly = MetricJudge.Score(metric, _usual, 0, 0, config).IsAnomaly;
            if (_usual.Count < Math.Max(2, config.BaselineMinWindows) || (anomaly ? IsIsolated : _waits))
            {
                Close(metric, 0, 0, teach: true, config);
                windows--;
            }
            else if (anomaly)
            {
                var held = (int)Math.Min(windows, Math.Max(1, config.RelearnWindows - Held));
                _waits = false;
                _candidate.FoldZeros(held, config.EmaAlpha);
                Hold(held, config);
                windows -= held;
            }
            else
            {
                _usual.FoldZeros(windows, config.EmaAlpha);
                if (Held > 0)
                {
                    _candidate.FoldZeros(windows, config.EmaAlpha);
                    Rest((int)Math.Min(windows, int.MaxValue - Quiet), config);
                }

                return;
            }
        }
    }

    private bool Hold(int windows, BehaviourConfig config)
    {
        Held += windows;
        Quiet = 0;
        if (Held < config.RelearnWindows)
        {
            return false;
        }

        _usual = _candidate;
        _usual.Adopt();
        Forget();
        return true;
    }

    private void Rest(int windows, BehaviourConfig config)
    {
        Quiet += windows;
        if (Quiet >= config.RelearnWindows)
        {
            Forget();
        }
    }

    private void Forget()
    {
        _candidate = default;
        _waits = false;
        Held = 0;
        Quiet = 0;
    }
}
