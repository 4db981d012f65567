using DevOpsAgent.Configuration;

namespace DevOpsAgent.Agent.Llm;

/// <summary>Where the model is, resolved from the configuration.</summary>
/// <param name="Url">Ollama: the full address that is called. Otherwise the base, without a slash at its end: OpenAI's with /v1, Anthropic's without.</param>
/// <param name="Key">Null: none is sent.</param>
internal sealed record LlmEndpoint(LlmDialect Dialect, Uri Url, string Model, Secret? Key)
{
    private const string OpenAiUrl = "https://api.openai.com/v1";
    private const string AnthropicUrl = "https://api.anthropic.com";

    /// <summary>The keys of the configuration to look at when the address is wrong: "llm.url".</summary>
    public string Setting { get; private init; } = "llm.url";

    /// <summary>"model llama3 at http://localhost:11434/api/generate": safe to print.</summary>
    public string Description => $"model {Model} at {SecretMask.Hide(Url.OriginalString)}";

    /// <exception cref="LlmException">With <see cref="LlmFault.Configuration"/>: there is none, or it can't be used.</exception>
    public static LlmEndpoint Of(LlmConfig config) => config.ServiceType == "url" ? OfUrl(config) : OfProvider(config);

    private static LlmEndpoint OfUrl(LlmConfig config)
    {
        if (config.Url is not { } text)
        {
            throw Bad("No model is configured. Set llm.url (--llm-url), or llm.provider and llm.api_key.");
        }

        var url = Parse(text, "llm.url");
        var path = url.AbsolutePath.TrimEnd('/');
        // A key that belongs to a provider isn't given to whatever listens at a URL from the command line.
        var key = config.Provider is null ? config.ApiKey : null;
        var (dialect, address) = path switch
        {
            _ when path.EndsWith("/api/generate", StringComparison.Ordinal) => (LlmDialect.OllamaGenerate, url),
            _ when path.EndsWith("/api/chat", StringComparison.Ordinal) => (LlmDialect.OllamaChat, url),
            _ when path.EndsWith("/v1/messages", StringComparison.Ordinal) => (LlmDialect.Anthropic, WithPath(url, path[..^"/v1/messages".Length])),
            _ when path.EndsWith("/chat/completions", StringComparison.Ordinal) => (LlmDialect.OpenAi, WithPath(url, path[..^"/chat/completions".Length])),
            _ when path.EndsWith("/v1", StringComparison.Ordinal) => (LlmDialect.OpenAi, WithPath(url, path)),
            "" => (LlmDialect.OllamaChat, WithPath(url, "/api/chat")),
            _ => throw Bad($"llm.url {SecretMask.Hide(text)} doesn't tell what the server speaks. It must end in /api/generate or /api/chat (Ollama), /v1 or /chat/completions (OpenAI's format), or /v1/messages (Anthropic's)."),
        };
        return new(dialect, address, config.Model ?? "llama3", key);
    }

    private static LlmEndpoint OfProvider(LlmConfig config)
    {
        if (config.Provider is not { } provider)
        {
            throw Bad("llm.service_type is api_key, but llm.provider (--llm-provider) isn't set.");
        }

        var name = provider.ToLowerInvariant();
        var url = config.BaseUrl is { } text ? WithPath(Parse(text, "llm.base_url"), Parse(text, "llm.base_url").AbsolutePath.TrimEnd('/')) : null;
        var endpoint = name switch
        {
            "openai" => new LlmEndpoint(LlmDialect.OpenAi, url ?? new(OpenAiUrl), config.Model ?? "gpt-4o", config.ApiKey),
            "anthropic" => new(LlmDialect.Anthropic, WithoutVersion(url) ?? new(AnthropicUrl), config.Model ?? "claude-sonnet-5-5", config.ApiKey),
            _ when url is not null && config.Model is { } model => new(LlmDialect.OpenAi, url, model, config.ApiKey),
            _ when url is not null => throw Bad($"llm.provider {provider} needs llm.model."),
            _ => throw Bad($"llm.provider {provider} isn't known here (openai and anthropic are). If its server speaks OpenAI's format, set llm.base_url, as https://llm.example.org/v1, and llm.model."),
        };
        return endpoint with { Setting = url is null ? "llm.provider" : "llm.base_url" };
    }

    private static Uri? WithoutVersion(Uri? url) => url is not null && url.AbsolutePath.EndsWith("/v1", StringComparison.Ordinal) ? WithPath(url, url.AbsolutePath[..^"/v1".Length]) : url;

    private static Uri Parse(string text, string key) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
        : throw Bad($"{key} must be a URL that begins with http:// or https://.");

    private static Uri WithPath(Uri url, string path) => new(new UriBuilder(url) { Path = path }.Uri.AbsoluteUri.TrimEnd('/'));

    private static LlmException Bad(string message) => new(LlmFault.Configuration, message);
}
