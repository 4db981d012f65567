using System.Text.Json;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Agent;

/// <summary>What a model concluded, as it said it.</summary>
internal sealed record RawConclusion(ModelVerdict Verdict, int Confidence, string Summary, IReadOnlyList<string> Evidence, string Action, IReadOnlyList<string> Ranges, string? Ttl);

/// <summary>Reads a conclusion: a call of conclude, or JSON in the text of a model that calls nothing. Judged by the same schema as any tool.</summary>
internal static class ConclusionReader
{
    public const string Name = "conclude";

    public const string Description = "Ends the investigation with your verdict. Cite only ids that you were given: q1, rule:NAME, sample:N, incident:N";

    public static ToolSchema Schema { get; } = new(
    [
        new("action", FieldType.Choice, "What you propose; a person decides") { Values = ["none", "watch", "block"] },
        new("confidence", FieldType.Integer, "How sure you are, percent") { Min = 0, Max = 100 },
        new("evidence", FieldType.TextList, "Ids of what it rests on") { Max = 20, MaxLength = 100 },
        new("ranges", FieldType.TextList, "For block: the addresses; default is what the rules recommend") { Required = false, Max = 20, MaxLength = 60 },
        new("summary", FieldType.Text, "Why, in at most five sentences") { MaxLength = 1_500 },
        new("ttl", FieldType.Duration, "For block: how long, as 4h") { Required = false },
        new("verdict", FieldType.Choice, "Whether this is an attack") { Values = ["confirmed", "false_positive", "unclear"] },
    ]);

    /// <returns>False: what is wrong, for the model.</returns>
    public static bool TryRead(JsonElement arguments, out RawConclusion? conclusion, out string problem)
    {
        conclusion = null;
        problem = "";
        if (SchemaGuard.Check(Schema, arguments) is { Verdict: not Guards.Verdict.Allow } refused)
        {
            problem = refused.Text;
            return false;
        }

        conclusion = new(
            arguments.GetProperty("verdict").GetString() switch { "confirmed" => ModelVerdict.Confirmed, "false_positive" => ModelVerdict.FalsePositive, _ => ModelVerdict.Unclear },
            arguments.GetProperty("confidence").GetInt32(),
            arguments.GetProperty("summary").GetString()!,
            Texts(arguments, "evidence"),
            arguments.GetProperty("action").GetString()!,
            Texts(arguments, "ranges"),
            arguments.TryGetProperty("ttl", out var ttl) ? ttl.GetString() : null);
        return true;
    }

    /// <summary>The first JSON object in a text, as a model writes it with words or a fence around it.</summary>
    public static bool TryFind(string text, out JsonElement json)
    {
        json = default;
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        for (var start = Array.IndexOf(bytes, (byte)'{'); start >= 0; start = Array.IndexOf(bytes, (byte)'{', start + 1))
        {
            try
            {
                var reader = new Utf8JsonReader(bytes.AsSpan(start), new JsonReaderOptions { MaxDepth = 16 });
                if (JsonElement.TryParseValue(ref reader, out var value) && value is { ValueKind: JsonValueKind.Object } found)
                {
                    json = found;
                    return true;
                }
            }
            catch (JsonException)
            {
                // No object begins here.
            }
        }

        return false;
    }

    private static IReadOnlyList<string> Texts(JsonElement arguments, string name) => arguments.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(static t => t.GetString()!)] : [];
}
