using DevOpsAgent.Agent.Llm;

namespace DevOpsAgent.Agent;

/// <summary>What an exception of the model's client means for a run.</summary>
internal static class ModelFaults
{
    public static AnswerEnd Of(Exception fault) => (fault as LlmException)?.Kind switch
    {
        LlmFault.ContextLength => AnswerEnd.TooLong,
        LlmFault.Refused => AnswerEnd.Refused,
        LlmFault.CutStream or LlmFault.FailedMidway => AnswerEnd.Cut,
        LlmFault.BadAnswer => AnswerEnd.Empty,
        LlmFault.Endless => AnswerEnd.Length,
        _ => AnswerEnd.Down,
    };
}
