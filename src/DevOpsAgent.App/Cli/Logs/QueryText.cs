using System.Globalization;
using System.Text.Json;

namespace DevOpsAgent.App.Cli.LogCommands;

/// <summary>A search's answer as tables for people: hits as requests, buckets with their counts and numbers.</summary>
internal static class QueryText
{
    private static readonly (string Header, string[] Fields)[] Columns =
    [
        ("TIME", ["@timestamp"]), ("CLIENT", ["source.ip", "ClientHost"]), ("STATUS", ["DownstreamStatus", "http.response.status_code"]), ("METHOD", ["RequestMethod", "http.request.method"]),
        ("HOST", ["RequestHost", "url.domain"]), ("PATH", ["RequestPath", "url.path"]), ("AGENT", ["request_User-Agent", "user_agent.original"]),
    ];

    public static void Write(Terminal terminal, JsonElement answer)
    {
        var hits = answer.GetProperty("hits");
        if (hits.TryGetProperty("total", out var total))
        {
            var more = total.GetProperty("relation").GetString() == "gte" ? "more than " : "";
            terminal.Out.WriteLine($"{more}{total.GetProperty("value").GetInt64().ToString("N0", CultureInfo.InvariantCulture)} events in {answer.GetProperty("took").GetInt64()} ms");
        }

        if (hits.GetProperty("hits").GetArrayLength() > 0)
        {
            terminal.Out.WriteLine();
            Hits(terminal, hits.GetProperty("hits"));
        }

        if (answer.TryGetProperty("aggregations", out var aggregations))
        {
            foreach (var aggregation in aggregations.EnumerateObject())
            {
                terminal.Out.WriteLine();
                Aggregation(terminal, aggregation.Name, aggregation.Value);
            }
        }
    }

    private static void Hits(Terminal terminal, JsonElement hits)
    {
        var table = new TextTable([.. Columns.Select(static (c, i) => new Column(c.Header, Stretch: i == Columns.Length - 1))]);
        foreach (var hit in hits.EnumerateArray())
        {
            var source = hit.TryGetProperty("_source", out var s) ? s : default;
            table.Add([.. Columns.Select(c => c.Fields.Select(f => Find(source, f)).FirstOrDefault(static v => v.Length > 0) ?? "")]);
        }

        table.WriteTo(terminal);
    }

    /// <summary>A value by its full name, whether its objects are nested or dotted.</summary>
    private static string Find(JsonElement at, string path)
    {
        if (at.ValueKind != JsonValueKind.Object)
        {
            return "";
        }

        if (at.TryGetProperty(path, out var value))
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }

        var dot = path.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && at.TryGetProperty(path[..dot], out var child) ? Find(child, path[(dot + 1)..]) : "";
    }

    private static void Aggregation(Terminal terminal, string name, JsonElement value)
    {
        if (!value.TryGetProperty("buckets", out var buckets))
        {
            terminal.Out.WriteLine($"{SafeText.Of(name)}: {SafeText.Of(Plain(value))}");
            return;
        }

        var rows = buckets.ValueKind == JsonValueKind.Array ? buckets.EnumerateArray().Select(static b => (Key: KeyOf(b), Bucket: b)).ToList() : [.. buckets.EnumerateObject().Select(static p => (Key: p.Name, Bucket: p.Value))];
        var metrics = rows.Count == 0 ? [] : rows[0].Bucket.EnumerateObject().Where(static p => p.Value.ValueKind == JsonValueKind.Object && p.Name != "key").Select(static p => p.Name).ToList();
        var table = new TextTable([new(name.ToUpperInvariant()), new("COUNT", Right: true), .. metrics.Select((m, i) => new Column(m.ToUpperInvariant(), Stretch: i == metrics.Count - 1))]);
        foreach (var (key, bucket) in rows)
        {
            table.Add([key, bucket.GetProperty("doc_count").GetInt64().ToString("N0", CultureInfo.InvariantCulture), .. metrics.Select(m => bucket.TryGetProperty(m, out var v) ? Plain(v) : "")]);
        }

        table.WriteTo(terminal);
    }

    private static string KeyOf(JsonElement bucket) =>
        bucket.TryGetProperty("key_as_string", out var text) ? text.GetString()! : bucket.TryGetProperty("key", out var key) ? key.ValueKind == JsonValueKind.String ? key.GetString()! : key.GetRawText() : "";

    /// <summary>A metric's value, or the buckets below as "key count".</summary>
    private static string Plain(JsonElement value)
    {
        if (value.TryGetProperty("buckets", out var buckets) && buckets.ValueKind == JsonValueKind.Array)
        {
            return string.Join(", ", buckets.EnumerateArray().Select(static b => $"{KeyOf(b)} {b.GetProperty("doc_count").GetInt64()}"));
        }

        return value.TryGetProperty("value_as_string", out var text) ? text.GetString()!
            : value.TryGetProperty("value", out var number) ? number.GetRawText()
            : value.TryGetProperty("hits", out var hits) ? $"{hits.GetProperty("hits").GetArrayLength()} hits (--json shows them)"
            : value.GetRawText();
    }
}
