using System.Text;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Api;

/// <summary>The tables of _cat: as text in columns, or as JSON.</summary>
internal static class CatTable
{
    public static ApiAnswer Answer(ApiCall call, string[] columns, string[] right, List<string[]> rows)
    {
        var shown = call.Text("h") is { } chosen ? chosen.Split(',').Select(c => Array.IndexOf(columns, c)).Where(static i => i >= 0).ToArray() : [.. Enumerable.Range(0, columns.Length)];
        if (call.Text("s") is { } sort)
        {
            foreach (var part in sort.Split(',').Reverse())
            {
                var by = Array.IndexOf(columns, part.Split(':')[0]);
                if (by < 0)
                {
                    throw new DslException("unsupported_operation_exception", $"Unable to sort by unknown sort key `{part}`");
                }

                var ordered = part.EndsWith(":desc", StringComparison.Ordinal) ? rows.OrderByDescending(r => r[by], StringComparer.Ordinal) : rows.OrderBy(r => r[by], StringComparer.Ordinal);
                rows = [.. ordered];
            }
        }

        return call.Text("format") switch
        {
            "json" => Json(columns, shown, rows),
            null or "text" => Text(columns, right, shown, rows, call.Flag("v")),
            var other => throw DslException.NotSupported($"format {other}"),
        };
    }

    private static ApiAnswer Json(string[] columns, int[] shown, List<string[]> rows) => new(200, JsonBody.Write(json =>
    {
        json.WriteStartArray();
        foreach (var row in rows)
        {
            json.WriteStartObject();
            foreach (var i in shown)
            {
                json.WriteString(columns[i], row[i]);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }));

    private static ApiAnswer Text(string[] columns, string[] right, int[] shown, List<string[]> rows, bool withHead)
    {
        var lines = withHead ? [columns, .. rows] : rows;
        var text = new StringBuilder();
        var widths = shown.ToDictionary(static i => i, i => lines.Count == 0 ? 0 : lines.Max(l => l[i].Length));
        foreach (var line in lines)
        {
            for (var c = 0; c < shown.Length; c++)
            {
                var i = shown[c];
                var cell = right.Contains(columns[i], StringComparer.Ordinal) ? line[i].PadLeft(widths[i]) : c == shown.Length - 1 ? line[i] : line[i].PadRight(widths[i]);
                text.Append(c == 0 ? "" : " ").Append(cell);
            }

            text.Append('\n');
        }

        return new(200, Encoding.UTF8.GetBytes(text.ToString()), "text/plain; charset=UTF-8");
    }
}
