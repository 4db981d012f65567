
namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// Puts violations that are alike together, and holds back what is too much: a process that breaks ten thousand rules a second
/// must neither fill the disk nor bury what another process does. What is held back is counted and told. For one thread.
/// </summary>
internal sealed class AlertGroups(TimeProvider time)
{
    /// <summary>Violations that are alike are one alert in this time.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>New groups of one process: so many at once, and so many per second on the long run.</summary>
    private const double Burst = 30;
    private const double PerSecond = 3;

    private const int MaxGroups = 10_000;
    private const int MaxProcesses = 1_000;

    private readonly Dictionary<(string Process, string Type, string Detail), Group> _groups = [];
    private readonly Dictionary<string, Allowance> _allowances = new(StringComparer.Ordinal);

    /// <summary>Violations that no alert tells one by one, since the start.</summary>
    public long HeldBack { get; private set; }

    /// <summary>Whether this one would be an alert at once.</summary>
    public bool IsNews(Violation violation) =>
        !_groups.ContainsKey(KeyOf(violation)) && _groups.Count < MaxGroups && AllowanceOf(violation.ProcessName, time.GetTimestamp()).Has;

    /// <summary>The first of its kind: an alert at once. Null: it counts up, or is held back.</summary>
    /// <param name="responses">What was done about this one.</param>
    public Alert? Add(Violation violation, IReadOnlyList<string> actions, IReadOnlyList<AlertResponse> responses, IReadOnlyList<ProcessNode> tree)
    {
        var key = KeyOf(violation);
        var now = time.GetTimestamp();
        if (_groups.TryGetValue(key, out var group))
        {
            group.Add(violation, actions, responses);
            return null;
        }

        var allowance = AllowanceOf(violation.ProcessName, now);
        if (_groups.Count >= MaxGroups || !allowance.TryTake())
        {
            HeldBack++;
            allowance.Held++;
            allowance.Newest = (violation, actions);
            return null;
        }

        _groups[key] = new(now);
        return new() { First = violation.Timestamp, Last = violation.Timestamp, Actions = actions, Violation = violation, Responses = responses, Tree = tree, HeldBack = allowance.TakeHeld() };
    }

    /// <summary>What came again since, and what was held back, as far as it may be told by now. Call about once a second; at the end with <paramref name="all"/>.</summary>
    public IReadOnlyList<Alert> Tick(bool all = false)
    {
        var now = time.GetTimestamp();
        var alerts = new List<Alert>();
        foreach (var (key, group) in _groups.Where(g => all || time.GetElapsedTime(g.Value.Since, now) >= Window).ToList())
        {
            if (group.Alert() is { } alert)
            {
                alerts.Add(alert);
                group.Restart(now);
            }
            else
            {
                _groups.Remove(key);
            }
        }

        foreach (var (name, allowance) in _allowances.ToList())
        {
            allowance.Refill(now, time);
            if (allowance.Newest is var (violation, actions) && (all || allowance.TryTake()))
            {
                // The newest of those held back stands for them: it is the one that is told.
                HeldBack--;
                allowance.Held--;
                alerts.Add(new() { First = violation.Timestamp, Last = violation.Timestamp, Actions = actions, Violation = violation, HeldBack = allowance.TakeHeld() });
            }
            else if (allowance.IsFull)
            {
                _allowances.Remove(name);
            }
        }

        return alerts;
    }

    private static (string, string, string) KeyOf(Violation violation) => (violation.ProcessName, violation.Type, violation.Detail);

    private Allowance AllowanceOf(string process, long now)
    {
        if (!_allowances.TryGetValue(process, out var allowance))
        {
            // Names are those of policies, so few; a reload may bring others for ever.
            if (_allowances.Count >= MaxProcesses)
            {
                _allowances.Clear();
            }

            _allowances[process] = allowance = new(now);
        }

        allowance.Refill(now, time);
        return allowance;
    }

    private sealed class Group(long since)
    {
        private const int MaxResponses = 20;

        private readonly List<AlertResponse> _responses = [];
        private long _count;
        private DateTimeOffset _first;
        private Violation? _newest;
        private IReadOnlyList<string> _actions = [];

        public long Since { get; private set; } = since;

        public void Add(Violation violation, IReadOnlyList<string> actions, IReadOnlyList<AlertResponse> responses)
        {
            _responses.AddRange(responses.Take(MaxResponses - _responses.Count));
            _first = _count++ == 0 ? violation.Timestamp : _first;
            _newest = violation;
            _actions = _actions.Count == 0 || _actions.SequenceEqual(actions, StringComparer.Ordinal) ? actions : [.. _actions.Union(actions, StringComparer.Ordinal)];
        }

        public Alert? Alert() => _newest is null ? null : new() { First = _first, Last = _newest.Timestamp, Count = _count, Actions = _actions, Violation = _newest, Responses = [.. _responses] };

        public void Restart(long now)
        {
            (Since, _count, _newest, _actions) = (now, 0, null, []);
            _responses.Clear();
        }
    }

    private sealed class Allowance(long at)
    {
        private double _left = Burst;
        private long _at = at;

        public long Held { get; set; }

        public (Violation, IReadOnlyList<string>)? Newest { get; set; }

        public bool Has => _left >= 1;

        public bool IsFull => _left >= Burst && Held == 0;

        public void Refill(long now, TimeProvider time)
        {
            _left = Math.Min(Burst, _left + (time.GetElapsedTime(_at, now).TotalSeconds * PerSecond));
            _at = now;
        }

        public bool TryTake()
        {
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }

        public long TakeHeld()
        {
            var held = Held;
            (Held, Newest) = (0, null);
            return held;
        }
    }
}
