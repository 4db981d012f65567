using System.Text.Json;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>What an error answer says, in any of its forms.</summary>
internal static class ErrorText
{
    private const int Longest = 300;

    /// <summary>Type and reason of the first root cause: the outer reason is often only "all shards failed". Empty where there is none.</summary>
    public static (string Type, string Reason) Of(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error) ? Of(error) : ("", "");
        }
        catch (JsonException)
        {
            return ("", "");
        }
    }

    /// <summary>{"type":…,"reason":…,"root_cause":[…]}, or a plain string as in 405 and 406.</summary>
    public static (string Type, string Reason) Of(JsonElement error)
    {
        if (error.ValueKind == JsonValueKind.String)
        {
            return ("", Cut(error.GetString()!));
        }

        if (error.ValueKind != JsonValueKind.Object)
        {
            return ("", "");
        }

        var cause = error.TryGetProperty("root_cause", out var roots) && roots.ValueKind == JsonValueKind.Array && roots.GetArrayLength() > 0 && roots[0].ValueKind == JsonValueKind.Object ? roots[0] : error;
        return (Text(cause, "type"), Cut(Text(cause, "reason")));
    }

    private static string Text(JsonElement at, string name) => at.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Cut(string text) => text.Length <= Longest ? text.TrimEnd('.') + "." : text[..Longest] + "….";
}
