using System.Globalization;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// increment_circuit_breaker: a breaker per process policy. Each violation counts; with too many in a short time it opens, and from
/// then on every violation of that process is treated as a critical one, until it has kept quiet for a while. For one thread.
/// </summary>
internal sealed class CircuitBreakers(TimeProvider time)
{
    private readonly Dictionary<string, Breaker> _breakers = new(StringComparer.Ordinal);

    public bool IsOpen(string process) => _breakers.TryGetValue(process, out var breaker) && breaker.OpenUntil is not null;

    /// <summary>True: this violation opened it.</summary>
    public bool Count(string process, BreakerPolicy policy)
    {
        var now = time.GetTimestamp();
        if (!_breakers.TryGetValue(process, out var breaker))
        {
            _breakers[process] = breaker = new();
        }

        breaker.Total++;
        if (breaker.OpenUntil is not null)
        {
            breaker.OpenUntil = (now, policy.OpenFor);
            return false;
        }

        breaker.Recent.Enqueue(now);
        while (breaker.Recent.TryPeek(out var oldest) && (time.GetElapsedTime(oldest, now) > policy.Within || breaker.Recent.Count > policy.Violations))
        {
            breaker.Recent.Dequeue();
        }

        if (breaker.Recent.Count < policy.Violations)
        {
            return false;
        }

        breaker.Recent.Clear();
        breaker.OpenUntil = (now, policy.OpenFor);
        breaker.OpenedAt = time.GetUtcNow();
        breaker.Opened++;
        return true;
    }

    /// <summary>Closes those that kept quiet, and names them.</summary>
    public IReadOnlyList<string> Close()
    {
        var now = time.GetTimestamp();
        var closed = _breakers.Where(b => b.Value.OpenUntil is var (since, quiet) && time.GetElapsedTime(since, now) >= quiet).Select(static b => b.Key).ToList();
        foreach (var process in closed)
        {
            _breakers[process].OpenUntil = null;
        }

        return closed;
    }

    public IReadOnlyList<BreakerStatus> Status =>
        [.. _breakers.OrderBy(static b => b.Key, StringComparer.Ordinal).Select(static b => new BreakerStatus(b.Key, b.Value.OpenUntil is null ? "closed" : "open", b.Value.Total, b.Value.Opened, b.Value.OpenUntil is null ? null : b.Value.OpenedAt))];

    /// <summary>What an opening tells: as a violation, so that it goes the same ways.</summary>
    public static Violation Opening(Violation cause, BreakerPolicy policy) => cause with
    {
        Type = "breaker",
        Detail = string.Create(CultureInfo.InvariantCulture, $"circuit breaker opened: {policy.Violations} violations within {policy.Within.TotalSeconds:0.##} s, the last: {cause.Detail}"),
        Severity = "CRITICAL",
        Rule = "circuit_breaker",
        Line = 0,
    };

    private sealed class Breaker
    {
        public Queue<long> Recent { get; } = [];
        public (long Since, TimeSpan Quiet)? OpenUntil { get; set; }
        public DateTimeOffset OpenedAt { get; set; }
        public long Total { get; set; }
        public long Opened { get; set; }
    }
}

/// <param name="State">closed or open.</param>
/// <param name="Violations">Counted since the start.</param>
/// <param name="Opened">How often it opened.</param>
internal sealed record BreakerStatus(string Process, string State, long Violations, long Opened, DateTimeOffset? Since);
