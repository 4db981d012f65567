using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

/// <summary>A LogEvent's fields as text, to be compared with an expectation (a JSON object with the same keys).</summary>
internal static class ParsedLine
{
    public static JsonObject Of(LineParser parser, ReadOnlySpan<byte> line)
    {
        if (!parser.TryParse(line, out var e, out var reason))
        {
            return new() { ["unparsed"] = reason == UnparsedReason.None ? "part" : LineStatistics.Label(reason) };
        }

        return new()
        {
            ["format"] = e.Format.ToString(),
            ["client"] = e.Client.ToString(),
            ["peer"] = e.Peer.IsNone ? "" : e.Peer.ToString(),
            ["status"] = e.Status,
            ["time"] = new DateTime(e.Time, DateTimeKind.Utc).ToString("O", CultureInfo.InvariantCulture),
            ["duration_ns"] = e.DurationNs,
            ["size"] = e.Size,
            ["request_count"] = e.RequestCount,
            ["method"] = Encoding.UTF8.GetString(e.Method),
            ["host"] = Encoding.UTF8.GetString(e.Host),
            ["path"] = Encoding.UTF8.GetString(e.Path),
            ["agent"] = Encoding.UTF8.GetString(e.Agent),
            ["user"] = Encoding.UTF8.GetString(e.User),
            ["router"] = Encoding.UTF8.GetString(e.Router),
            ["entry_point"] = Encoding.UTF8.GetString(e.EntryPoint),
            ["client_host"] = Encoding.UTF8.GetString(e.ClientHost),
            ["flags"] = e.Flags.ToString(),
        };
    }

    /// <summary>The lines of a file in Cases/, without line feeds; the last may lack its own.</summary>
    public static List<byte[]> Lines(string path)
    {
        var bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Cases", path));
        List<byte[]> lines = [];
        for (var start = 0; start < bytes.Length;)
        {
            var end = Array.IndexOf(bytes, (byte)'\n', start);
            end = end < 0 ? bytes.Length : end;
            lines.Add(bytes[start..end]);
            start = end + 1;
        }

        return lines;
    }
}
