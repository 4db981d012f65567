using System.Diagnostics;
using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;

namespace DevOpsAgent.Bench;

/// <summary>The guard's answer with 10 and with 1,000,000 receipts in the open window: nanoseconds and bytes allocated per call, on one thread.</summary>
internal static class BehaviourBench
{
    private const int Calls = 1_000_000;
    private const string Agent = "model gpt-4o";
    private static readonly string[] s_tools = ["block_client", "unblock", "query_logs", "explain", "exec"];

    public static Task<JsonObject> RunAsync(BenchOptions options)
    {
        var rounds = options.Rounds > 0 ? options.Rounds : 9;
        using var few = new Fed(10);
        using var many = new Fed(1_000_000);
        List<double> fewNs = [], manyNs = [], recordNs = [];
        long allocated = 0;
        few.Evaluate(Calls / 5);
        many.Evaluate(Calls / 5);
        for (var round = 0; round < rounds; round++)
        {
            // By turns: what else the machine does falls on both.
            var before = GC.GetAllocatedBytesForCurrentThread();
            fewNs.Add(few.Evaluate(Calls));
            manyNs.Add(many.Evaluate(Calls));
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            recordNs.Add(many.Record(Calls));
        }

        var (ns10, ns1000000) = (Figures.Median(fewNs), Figures.Median(manyNs));
        return Task.FromResult(new JsonObject
        {
            ["ns_10"] = Math.Round(ns10, 1),
            ["ns_1000000"] = Math.Round(ns1000000, 1),
            ["ratio_1000000_to_10"] = Math.Round(ns1000000 / ns10, 2),
            ["bytes_per_op"] = Math.Round((double)allocated / (2L * rounds * Calls), 3),
            ["record_ns"] = Math.Round(Figures.Median(recordNs), 1),
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread(fewNs),
        });
    }

    /// <summary>Profiles with an hour of usual windows behind them and so many receipts in the open one.</summary>
    private sealed class Fed : IBehaviourStore, IDisposable
    {
        private readonly DateTimeOffset _now = new(2026, 11, 21, 12, 0, 30, TimeSpan.Zero);
        private readonly BehaviourProfiles _profiles;
        private readonly BehaviourGuard _guard;
        private readonly GuardContext _context;

        public Fed(int receipts)
        {
            _profiles = new(new BehaviourConfig(), this, new StandingClock(_now));
            _guard = new(_profiles);
            _context = new(null!, new(), default, new(Agent, "model", "web", CallerKind.Model), null, _now);
            for (var minute = 60; minute > 0; minute--)
            {
                Feed(20, _now.AddMinutes(-minute));
            }

            Feed(receipts, _now);
        }

        /// <returns>ns per call.</returns>
        public double Evaluate(int calls)
        {
            var signals = 0;
            var clock = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++)
            {
                var answer = _guard.EvaluateAsync(_context, CancellationToken.None);
                signals += answer.IsCompletedSuccessfully ? answer.Result.Signals.Count : 1;
            }

            var ns = Stopwatch.GetElapsedTime(clock).TotalNanoseconds / calls;
            return signals == 0 ? ns : throw new InvalidOperationException("Usual windows gave signals.");
        }

        public double Record(int calls)
        {
            var clock = Stopwatch.GetTimestamp();
            Feed(calls, _now);
            return Stopwatch.GetElapsedTime(clock).TotalNanoseconds / calls;
        }

        public void Dispose() => _profiles.Dispose();

        private void Feed(int receipts, DateTimeOffset at)
        {
            for (var i = 0; i < receipts; i++)
            {
                _profiles.Record(new BehaviourSample(Agent, s_tools[i % s_tools.Length], false, 4.2, at));
            }
        }

        IReadOnlyList<BehaviourRow> IBehaviourStore.Load() => [];

        IReadOnlyList<string> IBehaviourStore.Save(IReadOnlyList<BehaviourRow> rows, IReadOnlyList<string> evicted) => [];

        int IBehaviourStore.Reset(string? agent) => 0;

        long IBehaviourStore.Resets() => 0;

        long IBehaviourStore.Evictions() => 0;
    }

    /// <summary>Its timers never fire: nothing but the measured calls runs.</summary>
    private sealed class StandingClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
