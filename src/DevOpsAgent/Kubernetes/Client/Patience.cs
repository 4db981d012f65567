namespace DevOpsAgent.Kubernetes.Client;

/// <summary>How long a call is waited for and how often it is tried.</summary>
internal sealed record Patience
{
    /// <summary>One try, to the last byte of its answer.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>All tries and the pauses between them.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromSeconds(45);

    public int Tries { get; init; } = 5;

    /// <summary>The first pause; each next one is twice as long, up to <see cref="LongestPause"/>, less up to a half by chance.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <param name="failures">1 for the first.</param>
    public TimeSpan PauseAfter(int failures)
    {
        var whole = Math.Min(Pause.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 20)), LongestPause.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(whole * (0.5 + Random.Shared.NextDouble() / 2));
    }
}
