namespace DevOpsAgent.Agent.Llm;

/// <summary>How often the model is asked again.</summary>
internal sealed record LlmPatience
{
    public int Tries { get; init; } = 4;

    /// <summary>The first pause; each next one is twice as long, up to <see cref="LongestPause"/>, less up to a half by chance.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A server that asks to wait longer isn't waited for.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(60);

    /// <param name="failures">1 for the first.</param>
    public TimeSpan PauseAfter(int failures)
    {
        var whole = Math.Min(Pause.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 20)), LongestPause.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(whole * (0.5 + Random.Shared.NextDouble() / 2));
    }
}
