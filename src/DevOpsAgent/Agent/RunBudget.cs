using System.Globalization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Agent;

/// <summary>What one run has used up of each of its budgets. For one run; its tools may count rows from several threads.</summary>
internal sealed class RunBudget(AgentLimitsConfig limits, LlmConfig llm, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private int _rows;

    public AgentLimitsConfig Limits => limits;

    public int Turns { get; private set; }

    public long TokensIn { get; private set; }

    public long TokensOut { get; private set; }

    public double Cost { get; private set; }

    public int Rows => Volatile.Read(ref _rows);

    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    public TimeSpan TimeLeft => limits.MaxTime - Elapsed;

    public int RowsLeft => Math.Max(0, limits.MaxRows - Rows);

    /// <summary>One more turn is the last: the model is asked to conclude with what it has.</summary>
    public bool IsLastTurn => Turns >= limits.MaxTurns - 1;

    /// <summary>The budget that is used up; null: none.</summary>
    public RunEnd? Exhausted =>
        TimeLeft <= TimeSpan.Zero ? RunEnd.StoppedByTime
        : Turns >= limits.MaxTurns ? RunEnd.StoppedByTurns
        : TokensIn + TokensOut >= limits.MaxTokens ? RunEnd.StoppedByTokens
        : llm.InputPrice + llm.OutputPrice > 0 && Cost >= limits.MaxCost ? RunEnd.StoppedByCost
        : null;

    /// <summary>Tokens that may be sent at once: what the model takes, less its answer.</summary>
    public int InputLimit => Math.Max(500, llm.ContextWindow - llm.MaxOutputTokens);

    /// <summary>Tokens that may still be received in one answer.</summary>
    public int OutputLeft => (int)Math.Clamp(limits.MaxTokens - TokensIn - TokensOut, 1, llm.MaxOutputTokens);

    /// <summary>One answer of the model, by its own count or by an estimate.</summary>
    /// <returns>What it cost.</returns>
    public double Count(long tokensIn, long tokensOut)
    {
        // A server that counts nothing, or below zero, would make the run endless.
        (tokensIn, tokensOut) = (Math.Clamp(tokensIn, 0, int.MaxValue), Math.Clamp(tokensOut, 0, int.MaxValue));
        var cost = ((tokensIn * llm.InputPrice) + (tokensOut * llm.OutputPrice)) / 1e6;
        (Turns, TokensIn, TokensOut, Cost) = (Turns + 1, TokensIn + tokensIn, TokensOut + tokensOut, Cost + cost);
        return cost;
    }

    public void CountRows(int rows) => Interlocked.Add(ref _rows, rows);

    /// <summary>For people: "10 answers (agent.max_turns)".</summary>
    public string Text(RunEnd end) => end switch
    {
        RunEnd.StoppedByTurns => string.Create(CultureInfo.InvariantCulture, $"It gave no conclusion in {Turns} answers (agent.max_turns)."),
        RunEnd.StoppedByTokens => string.Create(CultureInfo.InvariantCulture, $"It used up {TokensIn + TokensOut} of {limits.MaxTokens} tokens (agent.max_tokens)."),
        RunEnd.StoppedByTime => $"It took longer than {DurationText.Of(limits.MaxTime)} (agent.max_time).",
        RunEnd.StoppedByCost => string.Create(CultureInfo.InvariantCulture, $"It used up {Cost:0.####} of {limits.MaxCost:0.####} (agent.max_cost)."),
        RunEnd.StoppedByRows => string.Create(CultureInfo.InvariantCulture, $"It asked for more than {limits.MaxRows} rows of logs (agent.max_rows)."),
        _ => "",
    };
}
