using System.Text.Json;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>From a model's JSON to the arguments of a call.</summary>
internal static class ToolArguments
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>A call whose arguments can't be read stays a call, with the reason as its Exception: the model can be told.</summary>
    /// <param name="json">Hostile. Empty counts as no arguments.</param>
    public static FunctionCallContent Call(string id, string name, string json)
    {
        var call = new FunctionCallContent(id, name);
        try
        {
            call.Arguments = Read(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            call.Exception = e;
        }

        return call;
    }

    public static FunctionCallContent Call(string id, string name, JsonElement arguments) => arguments.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => Call(id, name, ""),
        JsonValueKind.String => Call(id, name, arguments.GetString()!), // OpenAI's form where Ollama's is meant
        _ => Call(id, name, arguments.GetRawText()),
    };

    private static Dictionary<string, object?> Read(string json)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (string.IsNullOrWhiteSpace(json))
        {
            return arguments;
        }

        using var document = JsonDocument.Parse(json, Strict);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("The arguments must be a JSON object.");
        }

        foreach (var property in document.RootElement.EnumerateObject())
        {
            Visit(property.Value);
            arguments[property.Name] = property.Value.Clone();
        }

        return arguments;
    }

    // "\ud800" alone is JSON and no text: it would throw wherever it is read later.
    private static void Visit(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            value.GetString();
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                Visit(item);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject())
            {
                _ = property.Name;
                Visit(property.Value);
            }
        }
    }
}
