namespace DevOpsAgent.Configuration;

/// <summary>When the language model is asked about an incident, and what one run of it may use up.</summary>
internal sealed record AgentLimitsConfig
{
    /// <summary>True: each new incident is looked at, where a model is configured.</summary>
    public bool Investigate { get; init; } = true;

    /// <summary>Incidents below it are not looked at: low, medium, high or critical.</summary>
    public string MinSeverity { get; init; } = "medium";

    /// <summary>Runs that begin within an hour; what waits beyond that is left out, and said.</summary>
    public int RunsPerHour { get; init; } = 30;

    /// <summary>Answers of the model in one run.</summary>
    public int MaxTurns { get; init; } = 10;

    /// <summary>Tokens of one run, sent and received, all turns together.</summary>
    public int MaxTokens { get; init; } = 120_000;

    public TimeSpan MaxTime { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>In the currency of llm.input_price and llm.output_price. Counts nothing while these are 0.</summary>
    public double MaxCost { get; init; } = 0.5;

    /// <summary>Rows of logs that one run may show to the model.</summary>
    public int MaxRows { get; init; } = 500;

    /// <summary>The longest that one call of a tool may take.</summary>
    public TimeSpan ToolTimeout { get; init; } = TimeSpan.FromSeconds(15);
}
