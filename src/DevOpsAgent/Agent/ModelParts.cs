using DevOpsAgent.Agent.Tools;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Agent;

/// <summary>What every run of the model is made of.</summary>
/// <param name="Ask">The one way to the model.</param>
/// <param name="Model">Its name, for people and receipts.</param>
/// <param name="Asker">Who asks: the service, or a person.</param>
internal sealed record ModelParts(Gateway Gateway, AskModelTool Ask, IInvestigationStore Store, string Model, Caller Asker, AgentConfig Config, TimeProvider Time)
{
    /// <summary>The logs that can be searched now; null: none.</summary>
    public Func<ILogSearch?> Logs { get; init; } = static () => null;

    public float Temperature => (float)Config.Llm.Temperature;

    /// <summary>Who calls the tools: the model, which may do less than anybody else.</summary>
    public Caller Caller => new($"model {Model}", "model", "agent", CallerKind.Model);
}
