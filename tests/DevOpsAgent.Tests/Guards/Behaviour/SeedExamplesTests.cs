using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Behaviour;

namespace DevOpsAgent.Tests.Guards.Behaviour;

/// <summary>The published numbers of the original design, where its maths was right; docs/behaviour.md has the table.</summary>
public sealed class SeedExamplesTests
{
    private static readonly BehaviourConfig s_config = new() { BaselineMinWindows = 2 };

    [Fact]
    public void Defaults_are_those_of_the_original()
    {
        var config = new BehaviourConfig();
        (config.EmaAlpha, config.SigmaThreshold, config.WindowSecs, config.BaselineMinWindows).ShouldBe((0.2, 2.0, 60, 3));
    }

    [Fact]
    public void A_baseline_stabilises_under_a_steady_sample()
    {
        var state = default(MetricState);
        for (var i = 0; i < 20; i++)
        {
            state.Close(BehaviourMetric.CallRate, 10, 10, teach: true, s_config).IsAnomaly.ShouldBeFalse();
        }

        state.Usual.Mean.ShouldBe(10);
        state.Usual.Variance.ShouldBe(0);
        state.Usual.Count.ShouldBe(20);
    }

    [Fact]
    public void A_spike_of_fifty_times_scores_as_in_the_original()
    {
        var state = default(MetricState);
        for (var i = 0; i < 15; i++)
        {
            state.Close(BehaviourMetric.CallRate, 10, 10, teach: true, s_config);
        }

        var score = state.Close(BehaviourMetric.CallRate, 500, 500, teach: true, s_config);
        score.IsAnomaly.ShouldBeTrue();
        score.Z!.Value.ShouldBe((500 - 10) / Math.Sqrt(10), 1e-4); // 154.95
        state.Usual.Mean.ShouldBe(10); // the original: 108
    }

    [Fact]
    public void A_cold_baseline_does_not_flag()
    {
        var score = default(MetricState).Close(BehaviourMetric.CallRate, 1000, 1000, teach: true, s_config);
        score.Z.ShouldBeNull();
        score.IsAnomaly.ShouldBeFalse();
    }

    /// <summary>West's step by hand: 10, then 20, then 0 with alpha 0.2.</summary>
    [Fact]
    public void Mean_and_variance_by_hand()
    {
        var baseline = default(Baseline);
        baseline.Fold(10, 0.2);
        (baseline.Mean, baseline.Variance).ShouldBe((10.0, 0.0));
        baseline.Fold(20, 0.2);
        (baseline.Mean, baseline.Variance).ShouldBe((12.0, 16.0));
        baseline.Fold(0, 0.2);
        baseline.Mean.ShouldBe(9.6, 1e-12);
        baseline.Variance.ShouldBe(0.8 * (16 + 0.2 * 144), 1e-12);
        baseline.SlowMean.ShouldBe(10, 1e-12);
    }

    /// <summary>Normal noise, also far wider than chance. The original flags 5 to 11 % of its windows; folding no anomaly at all would flag 69 %.</summary>
    [Theory]
    [InlineData(100, 10)]
    [InlineData(100, 25)]
    [InlineData(600, 120)]
    public void Noise_is_rarely_unusual_and_the_baseline_does_not_narrow(double mean, double deviation)
    {
        var (state, random, unusual, sum) = (default(MetricState), new Random(4711), 0, 0.0);
        for (var i = 0; i < 20_000; i++)
        {
            var noise = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            var sample = Math.Max(0, Math.Round(mean + deviation * noise));
            unusual += state.Close(BehaviourMetric.CallRate, sample, (long)sample, teach: true, new()).IsAnomaly ? 1 : 0;
            sum += state.Usual.Variance;
        }

        (unusual / 20_000.0).ShouldBeLessThan(0.17);
        Math.Sqrt(sum / 20_000).ShouldBeInRange(0.8 * deviation, 1.1 * deviation);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("aaaa", 0)]
    [InlineData("abab", 1)]
    [InlineData("abcdefgh", 3)]
    [InlineData("{\"a\":1}", 2.521640636343318)]
    [InlineData("ää", 1)]
    public void Entropy_is_shannons_over_bytes(string text, double bits) => ParameterEntropy.OfText(text).ShouldBe(bits, 1e-12);
}
