using System.Net.Http.Headers;
using System.Text.Json;
using DevOpsAgent.Agent.Llm.Wire;
using DevOpsAgent.Configuration;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>The model as it is found: is it in its server's list, and does it answer. Costs one short answer.</summary>
/// <param name="Description">"model llama3 at http://localhost:11434/api/generate".</param>
/// <param name="Listed">Null: the server has no list that we know.</param>
/// <param name="Others">Some of what it has instead.</param>
/// <param name="Took">From asking to the whole answer.</param>
internal sealed record LlmCheckup(string Description, LlmDialect Dialect, bool? Listed, IReadOnlyList<string> Others, TimeSpan Took)
{
    private const int MostOthers = 5;

    /// <exception cref="LlmException">It doesn't answer.</exception>
    public static async Task<LlmCheckup> ReadAsync(LlmConfig config, TimeProvider time, CancellationToken cancellationToken)
    {
        var endpoint = LlmEndpoint.Of(config);
        var models = await ModelsAsync(endpoint, config, time, cancellationToken);
        var listed = models is null ? (bool?)null : models.Any(m => IsSame(m, endpoint.Model));
        var start = time.GetTimestamp();
        using var client = ChatClients.Create(config, time, new() { Tries = 1 });
        try
        {
            await client.GetResponseAsync([new(ChatRole.User, "Answer with the one word: ready")], cancellationToken: cancellationToken);
        }
        catch (LlmException e) when (e.Kind == LlmFault.NotFound && models is { Count: > 0 })
        {
            throw new LlmException(e.Kind, $"{e.Message} The server has {string.Join(", ", models.Take(MostOthers))}.", e);
        }

        return new(endpoint.Description, endpoint.Dialect, listed, [.. (models ?? []).Take(MostOthers)], time.GetElapsedTime(start));
    }

    /// <summary>Null: no list. A server that can't be reached at all throws.</summary>
    private static async Task<List<string>?> ModelsAsync(LlmEndpoint endpoint, LlmConfig config, TimeProvider time, CancellationToken cancellationToken)
    {
        using var http = ChatClients.Http(endpoint, config, time);
        using var limit = new CancellationTokenSource(config.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (endpoint.Dialect == LlmDialect.Anthropic)
            {
                return [.. (await ChatClients.Anthropic(endpoint, http).Models.List(new() { Limit = 1000 }, either.Token)).Items.Select(static m => m.ID)];
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, ListUrl(endpoint));
            request.Headers.Authorization = endpoint.Key is { } key ? new AuthenticationHeaderValue("Bearer", key.Reveal) : null;
            using var response = await http.SendAsync(request, either.Token);
            using var list = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(either.Token));
            return Names(list.RootElement);
        }
        catch (LlmException e) when (e.Kind is not (LlmFault.Unreachable or LlmFault.Unauthorized))
        {
            return null;
        }
        catch (Exception e) when (e is Anthropic.Exceptions.AnthropicException or JsonException)
        {
            return null;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerFaults(endpoint).Of(LlmFault.TimedOut, $"gives no list of models within {DurationText.Of(config.Timeout)}", e);
        }
    }

    private static Uri ListUrl(LlmEndpoint endpoint) => endpoint.Dialect switch
    {
        LlmDialect.OpenAi => new(endpoint.Url.AbsoluteUri.TrimEnd('/') + "/models"),
        _ => new UriBuilder(endpoint.Url) { Path = endpoint.Url.AbsolutePath[..endpoint.Url.AbsolutePath.TrimEnd('/').LastIndexOf('/')] + "/tags" }.Uri,
    };

    // Ollama: {"models":[{"name":"llama3:latest"}]}. The others: {"data":[{"id":"gpt-4o"}]}
    private static List<string>? Names(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Object || !(list.TryGetProperty("models", out var all) || list.TryGetProperty("data", out all)) || all.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        return [.. all.EnumerateArray().Select(static m => OllamaRequest.Text(m, "name") ?? OllamaRequest.Text(m, "id")).OfType<string>()];
    }

    // "llama3" is "llama3:latest"
    private static bool IsSame(string listed, string asked) => listed == asked || listed == asked + ":latest";
}
