using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Agent.Llm.Wire;

namespace DevOpsAgent.Agent.Llm;

/// <summary>Asks Ollama, and reads its answer line by line: each is a JSON object, and the last says <c>"done":true</c>.</summary>
internal sealed class OllamaLines(HttpClient http, LlmEndpoint endpoint)
{
    private readonly ServerFaults _faults = new(endpoint);

    /// <exception cref="LlmException">No answer, one with an error line, or one without its end.</exception>
    public async IAsyncEnumerable<JsonElement> AskAsync(JsonObject body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString())) { Headers = { ContentType = new("application/json") } },
        };
        request.Options.Set(WireGuard.Lines, true);
        if (endpoint.Key is { } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Reveal);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        var any = false;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            any = true;
            var element = Parse(line);
            yield return element;
            if (element.TryGetProperty("done", out var done) && done.ValueKind == JsonValueKind.True)
            {
                yield break;
            }
        }

        throw any ? _faults.Of(LlmFault.CutStream, "ends in the middle of its answer (no line says done)") : _faults.Of(LlmFault.BadAnswer, "answers with nothing");
    }

    // {"error":"an error was encountered while running the model: CUDA error"}
    private JsonElement Parse(string line)
    {
        JsonElement element;
        try
        {
            using var document = JsonDocument.Parse(line);
            element = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw _faults.Of(LlmFault.BadAnswer, "answers with a line that isn't JSON", e);
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw _faults.Of(LlmFault.BadAnswer, "answers with a line that isn't a JSON object");
        }

        return ErrorBody.TryRead(Encoding.UTF8.GetBytes(line), failed: false) is { } error ? throw _faults.Of(null, error, null) : element;
    }
}
