using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.LogStore.Api;

namespace DevOpsAgent.Tests.LogStore;

/// <summary>Where our answer differs from the recorded one. Errors: status and type count, wording is free. Numbers are compared as text.</summary>
internal sealed class AnswerComparison
{
    private static readonly HashSet<string> Unordered = new(StringComparer.Ordinal) { "matched_queries", "indices" };

    /// <summary>Keys whose values are the engine's own.</summary>
    private static readonly HashSet<string> Own = new(StringComparer.Ordinal) { "took", "_scroll_id", "pit_id", "uuid", "index_uuid", "store.size", "pri.store.size", "dataset.size", "cluster_name", "cluster_uuid", "node" };

    private readonly double _tolerance;
    private readonly bool _lastDigits;
    private readonly bool _anyTotal;

    private AnswerComparison(RecordedPair pair)
    {
        _tolerance = pair.Approximate.Any(static a => a.Contains("2 percent", StringComparison.Ordinal)) ? 0.02 : 0;
        _lastDigits = pair.Approximate.Any(static a => a.Contains("last digits", StringComparison.Ordinal));
        _anyTotal = pair.Approximate.Contains("hits.total");
    }

    public static string? Difference(RecordedPair pair, ApiAnswer answer)
    {
        var text = Encoding.UTF8.GetString(answer.Body);
        if (pair.Status != answer.Status)
        {
            return $"status {answer.Status}, not {pair.Status}: {text[..Math.Min(text.Length, 300)]}";
        }

        if (pair.Response.ValueKind == JsonValueKind.String || pair.Response.ValueKind == JsonValueKind.Null)
        {
            var expected = pair.Response.ValueKind == JsonValueKind.Null ? "" : pair.Response.GetString();
            return expected == text ? null : $"text {text}";
        }

        using var json = JsonDocument.Parse(answer.Body);
        return pair.Status >= 400 && pair.Response.TryGetProperty("error", out var error) ? Error(error, json.RootElement.GetProperty("error"))
            : new AnswerComparison(pair).Value("", pair.Response, json.RootElement);
    }

    private static string? Error(JsonElement expected, JsonElement actual)
    {
        if (expected.ValueKind != JsonValueKind.Object || actual.ValueKind != JsonValueKind.Object)
        {
            return expected.ValueKind == actual.ValueKind ? null : $"error is {actual.GetRawText()}";
        }

        static string types(JsonElement e) => e.GetProperty("type").GetString() + " of " + string.Join(',', e.GetProperty("root_cause").EnumerateArray().Select(static r => r.GetProperty("type").GetString()));
        return types(expected) == types(actual) ? null : $"error {types(actual)}, not {types(expected)}: {actual.GetRawText()[..Math.Min(300, actual.GetRawText().Length)]}";
    }

    private string? Value(string path, JsonElement expected, JsonElement actual)
    {
        if (expected.ValueKind != actual.ValueKind)
        {
            return $"{path}: {Short(actual)}, not {Short(expected)}";
        }

        return expected.ValueKind switch
        {
            JsonValueKind.Object => Object(path, expected, actual),
            JsonValueKind.Array => Array(path, expected, actual),
            JsonValueKind.Number => Number(path, expected, actual),
            JsonValueKind.String => expected.GetString() == actual.GetString() ? null : $"{path}: {Short(actual)}, not {Short(expected)}",
            _ => null,
        };
    }

    private string? Object(string path, JsonElement expected, JsonElement actual)
    {
        var keys = expected.EnumerateObject().Select(static p => p.Name).ToHashSet(StringComparer.Ordinal);
        if (actual.EnumerateObject().FirstOrDefault(p => !keys.Contains(p.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } extra)
        {
            return $"{path}.{extra.Name} is too much: {Short(extra.Value)}";
        }

        foreach (var p in expected.EnumerateObject())
        {
            if (!actual.TryGetProperty(p.Name, out var value))
            {
                return $"{path}.{p.Name} is missing: {Short(p.Value)}";
            }

            if (Own.Contains(p.Name) || (p.Name == "id" && p.Value.ValueKind == JsonValueKind.String && p.Value.GetString() == "PIT_ID") || (_anyTotal && p.Name == "total" && path.EndsWith(".hits", StringComparison.Ordinal)))
            {
                continue;
            }

            if (Value($"{path}.{p.Name}", p.Value, value) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    private string? Array(string path, JsonElement expected, JsonElement actual)
    {
        if (expected.GetArrayLength() != actual.GetArrayLength())
        {
            return $"{path} has {actual.GetArrayLength()} items, not {expected.GetArrayLength()}: {Short(actual)} for {Short(expected)}";
        }

        if (Unordered.Contains(path[(path.LastIndexOf('.') + 1)..]))
        {
            return expected.EnumerateArray().Select(static e => e.GetRawText()).Order(StringComparer.Ordinal).SequenceEqual(actual.EnumerateArray().Select(static e => e.GetRawText()).Order(StringComparer.Ordinal), StringComparer.Ordinal)
                ? null : $"{path}: {Short(actual)}, not {Short(expected)}";
        }

        for (var i = 0; i < expected.GetArrayLength(); i++)
        {
            if (Value($"{path}[{i}]", expected[i], actual[i]) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    private string? Number(string path, JsonElement expected, JsonElement actual)
    {
        if (expected.GetRawText() == actual.GetRawText())
        {
            return null;
        }

        var (x, y) = (expected.GetDouble(), actual.GetDouble());
        var tolerance = _tolerance > 0 ? _tolerance : _lastDigits ? 1e-12 : 0;
        // A rank is a percentage itself: two percent of it are two points.
        return (Math.Abs(x - y) <= Math.Abs(x) * tolerance && tolerance > 0) || (_tolerance > 0 && path.StartsWith(".aggregations.r.", StringComparison.Ordinal) && Math.Abs(x - y) <= 2) ? null : $"{path}: {actual.GetRawText()}, not {expected.GetRawText()}".ToString(CultureInfo.InvariantCulture);
    }

    private static string Short(JsonElement element) => element.GetRawText() is var text && text.Length > 160 ? text[..160] + "…" : text;
}
