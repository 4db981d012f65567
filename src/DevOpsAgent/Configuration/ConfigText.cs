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
        string[] section = [];
        foreach (var key in ConfigKeys.All.Keys)
        {
            var words = key.Path.Split('.');
            var shared = section.Zip(words[..^1]).TakeWhile(static p => p.First == p.Second).Count();
            for (var depth = shared; depth < words.Length - 1; depth++)
            {
                text.Append(' ', depth * 2).Append(words[depth]).Append(":\n");
            }

            section = words[..^1];
            var name = new string(' ', section.Length * 2) + words[^1];
            var origin = "# " + (origins.GetValueOrDefault(key.Path)?.ToString() ?? "default");
            if (key.Show(config) is JsonArray { Count: > 0 } items && items[0] is JsonObject)
            {
                text.Append($"{name}:".PadRight(45)).Append(' ').Append(origin).Append('\n');
                foreach (var item in items)
                {
                    AppendItem(text, (JsonObject)item!, section.Length * 2);
                }

                continue;
            }

            var line = $"{name}: {Value(key.Show(config))}".TrimEnd();
            text.Append(line.PadRight(45)).Append(' ').Append(origin).Append('\n');
        }

        return text.ToString();
    }

    private static void AppendItem(StringBuilder text, JsonObject item, int indent)
    {
        var lead = new string(' ', indent) + "  - ";
        foreach (var (name, value) in item)
        {
            text.Append(lead).Append(name).Append(": ").Append(Value(value)).Append('\n');
            lead = new string(' ', indent + 4);
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
