using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Behaviour;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Guards.Behaviour;

public sealed class BehaviourPropertyTests
{
    private static readonly BehaviourConfig s_config = new();

    private static Gen<(int Step, int Tool, bool Denied, double Entropy)[]> Feeds =>
        (from step in Gen.Frequency((8, Gen.Choose(0, 1)), (3, Gen.Choose(2, 100)), (1, Gen.Choose(-3000, 100_000)))
         from tool in Gen.Choose(0, 200)
         from denied in Gen.Elements(true, false)
         from entropy in Gen.Elements(double.NaN, double.NegativeInfinity, double.MaxValue, 0, 4.2, 8, 1e-300)
         select (step, tool, denied, entropy)).ArrayOf();

    /// <summary>Whatever comes, in whatever order of time: numbers stay numbers, sizes stay bounded, and bytes give back the same profile.</summary>
    [Fact]
    public void Never_nan_and_bounded() => Prop.ForAll(Feeds.ToArbitrary(), static feed =>
    {
        var profile = Run(feed);
        foreach (var metric in BehaviourMetrics.All)
        {
            var state = profile.Metric(metric);
            if (!state.Usual.IsSound || !state.Candidate.IsSound || state.Held >= s_config.RelearnWindows)
            {
                return false;
            }
        }

        var bytes = ProfileCodec.Write(profile, 60);
        return bytes.Length < 8192 && profile.Folded >= profile.Window - 1
            && ProfileCodec.TryRead("a", bytes, 60, out var read) && ProfileCodec.Write(read, 60).AsSpan().SequenceEqual(bytes);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_same_feed_gives_the_same_profile() => Prop.ForAll(Feeds.ToArbitrary(), static feed =>
        ProfileCodec.Write(Run(feed), 60).AsSpan().SequenceEqual(ProfileCodec.Write(Run(feed), 60))).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_inside_a_window_does_not_matter() => Prop.ForAll(Feeds.ToArbitrary(), static feed =>
    {
        // Tools below the cap: above it, which of them were first does matter, their number doesn't.
        var one = feed.Select(static f => (0, f.Tool % WindowCounts.MaxTools, f.Denied, f.Entropy)).ToArray();
        var (a, b) = (Run(one), Run([.. one.Reverse()]));
        a.Advance(1001, s_config);
        b.Advance(1001, s_config);
        return ProfileCodec.Write(a, 60).AsSpan().SequenceEqual(ProfileCodec.Write(b, 60));
    }).QuickCheckThrowOnFailure();

    /// <summary>The closed form of a long idle time against the loop that it replaces.</summary>
    [Fact]
    public void A_long_idle_time_in_one_step_is_the_same_as_window_by_window()
    {
        var gen = from rates in Gen.Choose(0, 200).ArrayOf() from idle in Gen.Choose(0, 5000) from alpha in Gen.Elements(0.01, 0.05, 0.2, 0.9, 1.0)
                  from relearn in Gen.Elements(1, 3, 30, 1000) from min in Gen.Elements(1, 3, 20) from sigma in Gen.Elements(0.5, 2.0) select (rates, idle, alpha, relearn, min, sigma);
        Prop.ForAll(gen.ToArbitrary(), static c =>
        {
            var config = new BehaviourConfig { EmaAlpha = c.alpha, RelearnWindows = c.relearn, BaselineMinWindows = c.min, SigmaThreshold = c.sigma };
            var walked = default(MetricState);
            foreach (var rate in c.rates)
            {
                walked.Close(BehaviourMetric.CallRate, rate, rate, teach: true, config);
            }

            var jumped = walked;
            for (var i = 0; i < c.idle; i++)
            {
                walked.Close(BehaviourMetric.CallRate, 0, 0, teach: true, config);
            }

            jumped.CloseZeros(BehaviourMetric.CallRate, c.idle, config);
            return (walked.Held, walked.Quiet, walked.Usual.Count) == (jumped.Held, jumped.Quiet, jumped.Usual.Count)
                && Near(walked.Usual, jumped.Usual) && Near(walked.Candidate, jumped.Candidate);
        }).QuickCheckThrowOnFailure();

        static bool Near(Baseline a, Baseline b) => Close(a.Mean, b.Mean) && Close(a.Variance, b.Variance) && Close(a.SlowMean, b.SlowMean);
        static bool Close(double a, double b) => Math.Abs(a - b) <= 1e-9 * Math.Max(1, Math.Max(a, b));
    }

    [Fact]
    public void Stored_bytes_of_any_kind_are_read_or_refused_and_never_throw()
    {
        var profile = Run([(0, 1, true, 4.0), (1, 2, false, 3.0), (5, 1, true, 4.0)]);
        var bytes = ProfileCodec.Write(profile, 60);
        for (var length = 0; length < bytes.Length; length++)
        {
            ProfileCodec.TryRead("a", bytes.AsSpan(0, length), 60, out _).ShouldBeFalse();
        }

        ProfileCodec.TryRead("a", bytes, 300, out _).ShouldBeFalse("windows of another length");
        var read = 0;
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var bad = bytes.ToArray();
            bad[bit / 8] ^= (byte)(1 << bit % 8);
            if (ProfileCodec.TryRead("a", bad, 60, out var damaged))
            {
                read++;
                damaged.Add(damaged.Window + 2, 1, false, 4, s_config);
                foreach (var metric in BehaviourMetrics.All)
                {
                    damaged.Metric(metric).Usual.Mean.ShouldBeGreaterThanOrEqualTo(0);
                }
            }
        }

        read.ShouldBeGreaterThan(0);
    }

    private static AgentProfile Run((int Step, int Tool, bool Denied, double Entropy)[] feed)
    {
        var profile = new AgentProfile("a");
        var window = 1000L;
        foreach (var (step, tool, denied, entropy) in feed)
        {
            window = Math.Max(0, window + step);
            profile.Add(window, (ulong)tool, denied, entropy, s_config);
        }

        return profile;
    }
}
