using System.ClientModel;
using System.ClientModel.Primitives;
using Anthropic;
using Anthropic.Core;
using DevOpsAgent.Agent.Llm.Wire;
using DevOpsAgent.Configuration;
using Microsoft.Extensions.AI;
using OpenAI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>
/// Makes the client of the configured model. All of them behave alike: tool calls are <see cref="FunctionCallContent"/> with ids that are
/// unique (arguments that can't be read stand as its Exception), what fails is a <see cref="LlmException"/>, an answer has a finish
/// reason, and only <see cref="RetryingChatClient"/> asks twice.
/// </summary>
internal static class ChatClients
{
    /// <summary>Bytes around an answer's text: events of a stream repeat ids and names for each token.</summary>
    private const long BytesBesides = 1 << 20;
    private const long BytesPerToken = 1 << 10;

    /// <exception cref="LlmException">With <see cref="LlmFault.Configuration"/>.</exception>
    /// <param name="network">Null: sockets.</param>
    public static IChatClient Create(LlmConfig config, TimeProvider time, LlmPatience? patience = null, HttpMessageHandler? network = null)
    {
        var endpoint = LlmEndpoint.Of(config);
        var http = Http(endpoint, config, time, network);
        IChatClient provider = endpoint.Dialect switch
        {
            LlmDialect.OllamaGenerate => new OllamaGenerateClient(http, endpoint, config.ContextWindow),
            LlmDialect.OllamaChat => new OllamaChatClient(http, endpoint, config.ContextWindow),
            LlmDialect.OpenAi => new OpenAiChatClient(OpenAi(endpoint, http), endpoint),
            _ => Anthropic(endpoint, http).AsIChatClient(endpoint.Model, config.MaxOutputTokens),
        };
        return new RetryingChatClient(new CheckedChatClient(provider, http, endpoint, config, time), patience ?? new(), time);
    }

    /// <summary>The connection to the model's server; faults of the wire are named in it.</summary>
    public static HttpClient Http(LlmEndpoint endpoint, LlmConfig config, TimeProvider time, HttpMessageHandler? network = null) =>
        new(new WireGuard(endpoint, BytesBesides + config.MaxOutputTokens * BytesPerToken, time, network ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        }))
        {
            Timeout = Timeout.InfiniteTimeSpan, // CheckedChatClient's, by the given clock
        };

    private static OpenAI.Chat.ChatClient OpenAi(LlmEndpoint endpoint, HttpClient http) => new(endpoint.Model, new ApiKeyCredential(endpoint.Key?.Reveal ?? "none"), new OpenAIClientOptions
    {
        Endpoint = endpoint.Url,
        Transport = new HttpClientPipelineTransport(http),
        RetryPolicy = new ClientRetryPolicy(0),
        NetworkTimeout = Timeout.InfiniteTimeSpan,
        EnableDistributedTracing = false,
        ClientLoggingOptions = new() { EnableLogging = false },
    });

    public static AnthropicClient Anthropic(LlmEndpoint endpoint, HttpClient http) => new(new ClientOptions
    {
        HttpClient = http,
        BaseUrl = endpoint.Url.OriginalString,
        ApiKey = endpoint.Key?.Reveal,
        AuthToken = null, // else, without a key, the variable ANTHROPIC_AUTH_TOKEN would be sent wherever llm.url points
        MaxRetries = 0,
        Timeout = TimeSpan.FromDays(1),
    });
}
