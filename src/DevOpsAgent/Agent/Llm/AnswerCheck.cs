using DevOpsAgent.Agent.Llm.Wire;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>Looks over one answer while it comes. Servers leave ids of calls out, or give the same twice: results would go to the wrong call.</summary>
internal sealed class AnswerCheck(ServerFaults faults)
{
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private bool _something;

    public void Look(IList<AIContent> contents)
    {
        for (var i = 0; i < contents.Count; i++)
        {
            switch (contents[i])
            {
                case FunctionCallContent call:
                    _something = true;
                    contents[i] = WithOwnId(call);
                    break;
                case TextContent { Text.Length: > 0 }:
                    _something = true;
                    break;
                case ErrorContent error:
                    throw faults.Of(LlmFault.Refused, $"refuses: {error.Message}");
            }
        }
    }

    /// <exception cref="LlmException">It was none.</exception>
    public void End(ChatFinishReason? finish)
    {
        if (finish is null)
        {
            throw _something
                ? faults.Of(LlmFault.CutStream, "ends without saying that its answer is whole")
                : faults.Of(LlmFault.BadAnswer, "answers with nothing that is an answer");
        }

        if (finish == ChatFinishReason.ContentFilter || finish == new ChatFinishReason("refusal"))
        {
            throw faults.Of(LlmFault.Refused, "refuses to answer");
        }

        if (!_something)
        {
            throw finish == ChatFinishReason.Length
                ? faults.Of(LlmFault.BadAnswer, "came to llm.max_output_tokens before it said anything")
                : faults.Of(LlmFault.BadAnswer, "answers with nothing");
        }
    }

    private FunctionCallContent WithOwnId(FunctionCallContent call)
    {
        if (call.CallId.Length > 0 && _ids.Add(call.CallId))
        {
            return call;
        }

        var own = CallId.New();
        _ids.Add(own);
        return new(own, call.Name, call.Arguments) { Exception = call.Exception, RawRepresentation = call.RawRepresentation };
    }
}
