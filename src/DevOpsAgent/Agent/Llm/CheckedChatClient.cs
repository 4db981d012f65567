using System.Runtime.CompilerServices;
using DevOpsAgent.Agent.Llm.Wire;
using DevOpsAgent.Configuration;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>
/// Makes the providers alike: the configuration's defaults go in, at most llm.timeout passes, and what comes out is an answer (with a
/// finish reason, with something in it, calls with ids of their own) or a <see cref="LlmException"/>.
/// </summary>
internal sealed class CheckedChatClient(IChatClient inner, HttpClient http, LlmEndpoint endpoint, LlmConfig config, TimeProvider time) : DelegatingChatClient(inner)
{
    private static readonly string[] Thinkers = ["o1", "o3", "o4", "gpt-5"];

    private readonly ServerFaults _faults = new(endpoint);

    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(config.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        ChatResponse response;
        try
        {
            response = await base.GetResponseAsync(messages, WithDefaults(options), either.Token);
        }
        catch (Exception e)
        {
            // What breaks while it is given up says nothing of the model.
            cancellationToken.ThrowIfCancellationRequested();
            throw Named(e, limit.IsCancellationRequested);
        }

        var check = new AnswerCheck(_faults);
        foreach (var message in response.Messages)
        {
            check.Look(message.Contents);
        }

        check.End(response.FinishReason);
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(config.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var check = new AnswerCheck(_faults);
        ChatFinishReason? finish = null;
        await using var updates = base.GetStreamingResponseAsync(messages, WithDefaults(options), either.Token).GetAsyncEnumerator(either.Token);
        while (true)
        {
            try
            {
                if (!await updates.MoveNextAsync())
                {
                    break;
                }
            }
            catch (Exception e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw Named(e, limit.IsCancellationRequested);
            }

            var update = updates.Current;
            check.Look(update.Contents);
            finish = update.FinishReason ?? finish;
            yield return update;
        }

        check.End(finish);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) && serviceKey is null ? new ChatClientMetadata(ProviderName, endpoint.Url, endpoint.Model) : base.GetService(serviceType, serviceKey);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            http.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>As OpenTelemetry's gen_ai.provider.name has it.</summary>
    private string ProviderName => endpoint.Dialect switch { LlmDialect.Anthropic => "anthropic", LlmDialect.OpenAi => "openai", _ => "ollama" };

    private ChatOptions WithDefaults(ChatOptions? options)
    {
        var full = options?.Clone() ?? new();
        full.ModelId ??= endpoint.Model;
        full.MaxOutputTokens ??= config.MaxOutputTokens;
        full.Temperature = TakesTemperature(full.ModelId) ? full.Temperature ?? (float)config.Temperature : null;
        return full;
    }

    // OpenAI: "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported."
    // Anthropic, since its API version 2026-10-21: "temperature: Extra inputs are not permitted"
    private bool TakesTemperature(string model) => endpoint.Dialect != LlmDialect.Anthropic && !Thinkers.Any(t => model.StartsWith(t, StringComparison.Ordinal));

    private LlmException Named(Exception fault, bool late)
    {
        for (Exception? e = fault; e is not null; e = e.InnerException)
        {
            if (e is LlmException named)
            {
                return named;
            }
        }

        return fault switch
        {
            _ when late => _faults.Of(LlmFault.TimedOut, $"gives no whole answer within {DurationText.Of(config.Timeout)}", fault),
            IOException or HttpRequestException => _faults.Of(LlmFault.CutStream, "was cut off in the middle of its answer", fault),
            _ => _faults.Of(LlmFault.BadAnswer, $"answers with what can't be read ({fault.GetType().Name})", fault),
        };
    }
}
