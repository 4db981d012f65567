using System.Text.Json;

namespace DevOpsAgent.Agent.Llm.Wire;

/// <summary>What a server says went wrong.</summary>
/// <param name="Words">For people; hostile: a proxy or a model's text may stand in it.</param>
/// <param name="Code">As "insufficient_quota", "overloaded_error"; null: none was given.</param>
internal sealed record ErrorBody(string Words, string? Code)
{
    /// <summary>
    /// The forms in use. Ollama: <c>{"error":"model 'x' not found"}</c>. OpenAI: <c>{"error":{"message":"..","type":"..","code":".."}}</c>.
    /// Anthropic: <c>{"type":"error","error":{"type":"overloaded_error","message":".."}}</c>.
    /// </summary>
    /// <param name="failed">True: the status says that it failed, so <c>{"message":".."}</c> and <c>{"detail":".."}</c> are errors too.</param>
    /// <returns>Null: it isn't one.</returns>
    public static ErrorBody? TryRead(ReadOnlyMemory<byte> json, bool failed)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            if (root.TryGetProperty("error", out var error))
            {
                return error.ValueKind switch
                {
                    JsonValueKind.String => new(error.GetString()!, Text(root, "code") ?? Text(root, "type")),
                    JsonValueKind.Object => new(Text(error, "message") ?? error.GetRawText(), Text(error, "code") ?? Text(error, "type")),
                    _ => null,
                };
            }

            var words = failed ? Text(root, "message") ?? Text(root, "detail") : null;
            return words is null ? null : new(words, Text(root, "code") ?? Text(root, "type"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.ValueKind switch
    {
        JsonValueKind.String when value.GetString() is { Length: > 0 } text => text,
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    } : null;
}
