using DevOpsAgent.Configuration;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>What an answer costs, in the currency of llm.input_price and llm.output_price.</summary>
internal static class TokenPrice
{
    private const double Million = 1_000_000;

    public static double Of(LlmConfig config, UsageDetails? usage) =>
        (usage?.InputTokenCount ?? 0) / Million * config.InputPrice + (usage?.OutputTokenCount ?? 0) / Million * config.OutputPrice;
}
