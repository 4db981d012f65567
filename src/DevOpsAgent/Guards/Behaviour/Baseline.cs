namespace DevOpsAgent.Guards.Behaviour;

/// <summary>
/// What is usual: exponentially weighted mean and variance (West 1979, in the incremental form of Finch 2009, eq. 143), and
/// a mean ten times slower beside it, which shows growth that is too even for the first.
/// </summary>
internal struct Baseline
{
    /// <summary>The slow mean's alpha as a share of the mean's.</summary>
    private const double SlowShare = 0.1;

    public double Mean { get; private set; }

    public double Variance { get; private set; }

    public double SlowMean { get; private set; }

    /// <summary>Samples folded.</summary>
    public long Count { get; private set; }

    public readonly bool IsSound => double.IsFinite(Mean) && double.IsFinite(Variance) && double.IsFinite(SlowMean) && Mean >= 0 && Variance >= 0 && SlowMean >= 0 && Count >= 0;

    public static Baseline Of(double mean, double variance, double slowMean, long count) => new() { Mean = mean, Variance = variance, SlowMean = slowMean, Count = count };

    /// <summary>
    /// The first sample sets the mean, variance 0. Then, with d = x - mean: mean += alpha d, variance = (1 - alpha)(variance + alpha d²).
    /// The slow mean is the plain mean of its first samples, so that a first window cut short doesn't stay in it.
    /// </summary>
    public void Fold(double sample, double alpha)
    {
        if (!double.IsFinite(sample))
        {
            return;
        }

        if (Count == 0)
        {
            (Mean, Variance, SlowMean, Count) = (sample, 0, sample, 1);
            return;
        }

        var d = sample - Mean;
        Mean += alpha * d;
        Variance = (1 - alpha) * (Variance + alpha * d * d);
        SlowMean += Math.Max(alpha * SlowShare, 1.0 / (Count + 1)) * (sample - SlowMean);
        Count++;
    }

    /// <summary>
    /// The same as folding <paramref name="windows"/> samples of 0 one by one, in O(log windows). With r = 1 - alpha:
    /// mean_k = r^k mean, variance_k = r^k (variance + mean² (1 - r^k)), by induction over the step above.
    /// </summary>
    public void FoldZeros(long windows, double alpha)
    {
        if (windows <= 0)
        {
            return;
        }

        if (Count > 0)
        {
            var share = Power(1 - alpha, windows);
            Variance = share * (Variance + Mean * Mean * (1 - share));
            Mean *= share;

            // Plain mean: n/(n+1) a step, which multiplies to n/(n+m); from 1/(n+1) = alpha on geometric.
            var slow = alpha * SlowShare;
            var plain = Math.Clamp((long)Math.Ceiling(1 / slow) - 1 - Count, 0, windows);
            SlowMean *= (double)Count / (Count + plain) * Power(1 - slow, windows - plain);
        }

        Count += windows;
    }

    /// <summary>What is usual has changed for good: growth is measured from here.</summary>
    public void Adopt() => SlowMean = Mean;

    /// <summary>By squaring: the same bits on every machine, which Math.Pow doesn't promise.</summary>
    private static double Power(double x, long n)
    {
        var result = 1.0;
        for (; n > 0; n >>= 1, x *= x)
        {
            result *= (n & 1) == 1 ? x : 1;
        }

        return result;
    }
}
