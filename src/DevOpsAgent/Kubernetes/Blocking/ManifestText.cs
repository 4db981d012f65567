using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>Our objects as YAML for people: `kubectl apply -f` takes it. The same objects always give the same text.</summary>
internal static class ManifestText
{
    private const int LongText = 60;

    public static string Of(IReadOnlyList<OwnedObject> objects, string header)
    {
        if (objects.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var line in header.Split('\n'))
        {
            text.Append("# ").Append(line).Append('\n');
        }

        foreach (var (i, item) in objects.Index())
        {
            text.Append(i == 0 ? "" : "---\n");
            Fields(text, item.Body, 0, first: false);
        }

        return text.ToString();
    }

    private static void Fields(StringBuilder text, JsonObject fields, int indent, bool first)
    {
        foreach (var (key, value) in fields)
        {
            text.Append(' ', first ? 0 : indent).Append(IsPlain(key) ? key : Quoted(key)).Append(':');
            first = false;
            Value(text, value, indent);
        }
    }

    /// <param name="indent">Of the key that the value belongs to.</param>
    private static void Value(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } fields:
                text.Append('\n');
                Fields(text, fields, indent + 2, first: false);
                break;
            case JsonArray { Count: > 0 } items:
                text.Append('\n');
                foreach (var item in items)
                {
                    text.Append(' ', indent + 2).Append("- ");
                    if (item is JsonObject { Count: > 0 } fields)
                    {
                        Fields(text, fields, indent + 4, first: true);
                    }
                    else
                    {
                        text.Append(Scalar(item)).Append('\n');
                    }
                }

                break;
            case JsonValue when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is { Length: > LongText } rule && IsFoldable(rule):
                Folded(text, rule, indent + 2);
                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    /// <summary>A rule with one address a line, so that a diff shows one line for one address; YAML joins the lines by a space again.</summary>
    private static void Folded(StringBuilder text, string rule, int indent)
    {
        text.Append(" >-\n").Append(' ', indent);
        for (var i = 0; i < rule.Length; i++)
        {
            if (rule[i] == ' ' && i > 0 && (rule[i - 1] == '(' || (rule[i - 1] == '|' && i > 1 && rule[i - 2] == '|')))
            {
                text.Append('\n').Append(' ', indent);
                continue;
            }

            text.Append(rule[i]);
        }

        text.Append('\n');
    }

    private static bool IsFoldable(string text) => text[0] != ' ' && text[^1] != ' ' && !text.Contains('\n', StringComparison.Ordinal) && !text.Contains("  ", StringComparison.Ordinal);

    private static string Scalar(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => value.GetValue<string>() is var text && IsPlain(text) ? text : Quoted(value.GetValue<string>()),
            _ => value.ToJsonString(),
        },
    };

    /// <summary>YAML takes it for text without quotes: letters first, and none of its words for true, false and null.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0 && char.IsAsciiLetter(text[0])
        && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '@')
        && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");

    /// <summary>JSON's quoted form is YAML's too.</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or > '~' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
