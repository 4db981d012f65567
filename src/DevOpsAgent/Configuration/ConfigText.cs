using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Configuration;

/// <summary>Writes a configuration as YAML that loads again (secrets excepted), each value with its origin as a comment.</summary>
internal static class ConfigText
{
    public static string Of(AgentConfig config, IReadOnlyDictionary<string, ConfigOrigin> origins)
    {
        var text = new StringBuilder();
        string[] open = [];
        foreach (var key in ConfigKeys.All.Keys)
        {
            var words = key.Path.Split('.');
            var groups = words[..^1];
            for (var i = 0; i < groups.Length; i++)
            {
                if (i >= open.Length || !groups.AsSpan(0, i + 1).SequenceEqual(open.AsSpan(0, i + 1)))
                {
                    text.Append(' ', 2 * i).Append(groups[i]).Append(":\n");
                }
            }

            open = groups;
            var name = new string(' ', 2 * groups.Length) + words[^1];
            var origin = "# " + (origins.GetValueOrDefault(key.Path)?.ToString() ?? "default");
            if (key.Show(config) is JsonArray { Count: > 0 } items && items[0] is JsonObject)
            {
                text.Append($"{name}:".PadRight(45)).Append(' ').Append(origin).Append('\n');
                foreach (var item in items)
                {
                    AppendItem(text, (JsonObject)item!);
                }

                continue;
            }

            var line = $"{name}: {Value(key.Show(config))}".TrimEnd();
            text.Append(line.PadRight(45)).Append(' ').Append(origin).Append('\n');
        }

        return text.ToString();
    }

    private static void AppendItem(StringBuilder text, JsonObject item)
    {
        var lead = "  - ";
        foreach (var (name, value) in item)
        {
            text.Append(lead).Append(name).Append(": ").Append(Value(value)).Append('\n');
            lead = "    ";
        }
    }

    private static string Value(JsonNode? value) => value switch
    {
        null => "null",
        JsonArray list => "[" + string.Join(", ", list.Select(Value)) + "]",
        JsonValue single when single.TryGetValue<string>(out var text) => Text(text),
        _ => value.ToJsonString(),
    };

    private static string Text(string text)
    {
        var plain = text.Length > 0 && (char.IsAsciiLetterOrDigit(text[0]) || text[0] is '.' or '/')
            && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or '_' or '-')
            && text is not ("true" or "false" or "null" or "Null" or "NULL")
            && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        // JSON's escapes are YAML's: control characters of a value can't reach the terminal.
        return plain ? text : JsonValue.Create(Interpolation.Escape(text)).ToJsonString();
    }
}
