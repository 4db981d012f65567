using System.Globalization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards;

/// <summary>
/// At most so many calls per caller and interval: a model in a loop, or a script with somebody's page, is stopped before it
/// wears out the store. A bucket per agent that refills steadily. A call that asks for many things is one call.
/// </summary>
internal sealed class RateGuard(RateConfig config, TimeProvider time) : IGuard
{
    /// <summary>Agents that are remembered: names are free text of people, so their number must be bounded.</summary>
    public const int MaxAgents = 1_024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);

    public string Name => "rate";

    public bool Advisory => false;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => true;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken) => new(
        context.Place > 0 || TryTake(context.Caller.Agent)
            ? GuardDecision.Allow
            : GuardDecision.Deny("too_many_calls", string.Create(CultureInfo.InvariantCulture, $"{context.Caller.Agent} has made {config.Calls} calls in {DurationText.Of(config.Per)} (guards.rate): wait, or raise it.")));

    private bool TryTake(string agent)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (!_buckets.TryGetValue(agent, out var bucket))
            {
                if (_buckets.Count >= MaxAgents)
                {
                    Forget(now);
                }

                _buckets[agent] = bucket = new() { Left = config.Calls, At = now };
            }

            bucket.Left = Math.Min(config.Calls, bucket.Left + (time.GetElapsedTime(bucket.At, now) / config.Per * config.Calls));
            bucket.At = now;
            if (bucket.Left < 1)
            {
                return false;
            }

            bucket.Left--;
            return true;
        }
    }

    /// <summary>Those that would be full by now lose nothing; if there are none, whoever has most left.</summary>
    private void Forget(long now)
    {
        foreach (var (agent, bucket) in _buckets)
        {
            if (time.GetElapsedTime(bucket.At, now) >= config.Per)
            {
                _buckets.Remove(agent);
            }
        }

        if (_buckets.Count >= MaxAgents)
        {
            _buckets.Remove(_buckets.MaxBy(static b => b.Value.Left).Key);
        }
    }

    private sealed class Bucket
    {
        public double Left { get; set; }
        public long At { get; set; }
    }
}
