namespace DevOpsAgent.Agent.Llm;

/// <summary>What a model's server speaks.</summary>
internal enum LlmDialect
{
    /// <summary>Ollama's /api/generate: one text in, one text out; tools are written into the text (<see cref="React.ReactPrompt"/>).</summary>
    OllamaGenerate,

    /// <summary>Ollama's /api/chat, with tools.</summary>
    OllamaChat,

    /// <summary>OpenAI's chat completions, as many servers have them.</summary>
    OpenAi,

    /// <summary>Anthropic's messages.</summary>
    Anthropic,
}
