using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.Agent;

/// <summary>
/// The language model at work: looks at incidents and answers questions. Never throws for the model, its provider, the tools
/// or the store, and nothing that the rules found depends on it.
/// </summary>
internal sealed class ModelAgent(ModelParts parts)
{
    /// <summary>Looks at one incident and stores what came of it.</summary>
    /// <param name="onStep">Told of each step at once, on any thread.</param>
    public async Task<Investigation> InvestigateAsync(Incident incident, Action<RunStep>? onStep, CancellationToken cancellationToken) =>
        Keep(await new IncidentRun(new(parts, incident.Id, onStep), incident).RunAsync(cancellationToken));

    /// <summary>Answers a question and stores what came of it.</summary>
    /// <inheritdoc cref="InvestigateAsync"/>
    public async Task<Investigation> AskAsync(string question, Action<RunStep>? onStep, CancellationToken cancellationToken) =>
        Keep(await new QuestionRun(new(parts, null, onStep), question).RunAsync(cancellationToken));

    private Investigation Keep(Investigation done)
    {
        try
        {
            return done with { Id = parts.Store.Save(done) };
        }
        catch (StoreException e)
        {
            // What isn't on record isn't shown as a result.
            return done with { End = RunEnd.NotRecorded, EndText = e.Message, Conclusion = null, Disagreement = null, Answer = null };
        }
    }
}
