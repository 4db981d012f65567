namespace DevOpsAgent.Agent.Llm;

/// <summary>Ids for calls that came without one. They must differ from those of earlier turns, so they are drawn.</summary>
internal static class CallId
{
    // OpenAI takes at most 40 characters.
    public static string New() => "call_" + Guid.NewGuid().ToString("n");
}
