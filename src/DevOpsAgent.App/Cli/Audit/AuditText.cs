using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Audit;

namespace DevOpsAgent.App.Cli.Audit;

/// <summary>One line of the log for people. argv may be a stranger's: everything goes through SafeText.</summary>
internal static class AuditText
{
    public static string Of(AuditLine line, JsonElement json, bool colour)
    {
        var at = Words.At(DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(line.TsUnixMs, 0, 253_402_300_799_000)));
        var name = SafeText.Of(line.Event).PadRight(10);
        var code = line.Event switch { "denial" => "33", "exit" when Failed(json) => "31", "retention" or "recovery" => "36", _ => null };
        var painted = colour && code is not null ? $"\u001b[{code}m{name}\u001b[0m" : name;
        return $"{at}  {line.Seq,8}  {painted}  {SafeText.Cut(line.RequestId ?? "-", 12).PadRight(12)}  {SafeText.Of(What(line, json))}";
    }

    private static string What(AuditLine line, JsonElement json) => line.Event switch
    {
        "request" => $"{Argv(json)}  ({Text(json, "matched_acl") ?? "no entry"}; agent {Id(json, "agent_id")} on {Id(json, "machine_id")}; stdin {Text(json, "stdin_bytes")} bytes, at most {Text(json, "timeout_ms")} ms)",
        "started" => $"pid {Text(json, "pid")}",
        "warning" => $"{Text(json, "kind")}{(Text(json, "bytes") is { } bytes ? $" at {bytes} bytes" : "")}",
        "exit" => $"{(Text(json, "signal") is { } signal ? $"signal {signal}" : $"code {Text(json, "code") ?? "unknown"}")}{(Text(json, "cause") is { } cause ? $", {cause}" : "")} after {Text(json, "duration_ms")} ms; "
            + $"stdout {Text(json, "stdout_bytes")}, stderr {Text(json, "stderr_bytes")} bytes{(Text(json, "truncated") == "true" ? ", truncated" : "")}",
        "denial" => $"{Text(json, "reason")}{(Text(json, "count") is { } count and not "1" ? $" x {count}, first" : "")}: {Argv(json)}  (agent {Id(json, "agent_id")} on {Id(json, "machine_id")})",
        "checkpoint" => $"{Text(json, "kind")}, {Text(json, "count")} lines from {Text(json, "segment")} on",
        "retention" => $"{Text(json, "segments")} segments up to line {Text(json, "removed_through")} let go ({Text(json, "reason")})",
        "recovery" => $"{Text(json, "torn_bytes")} torn bytes set aside in {Text(json, "torn_file")}",
        _ => json.GetRawText(),
    };

    private static bool Failed(JsonElement json) => Text(json, "code") != "0";

    private static string Id(JsonElement json, string name) => SafeText.Cut(Text(json, name) ?? "unknown", 12);

    private static string? Text(JsonElement json, string name) => !json.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    /// <summary>Words in quotes where they need them, so that one word can't look like two.</summary>
    private static string Argv(JsonElement json)
    {
        if (!json.TryGetProperty("argv", out var argv) || argv.ValueKind != JsonValueKind.Array)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var element in argv.EnumerateArray())
        {
            var word = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
            var plain = word.Length > 0 && word.All(static c => c is > ' ' and <= '~' and not ('\'' or '"' or '\\' or '(' or ')' or ';' or '$' or '`' or '|' or '&' or '<' or '>'));
            text.Append(text.Length == 0 ? "" : " ").Append(plain ? word : string.Create(CultureInfo.InvariantCulture, $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        }

        return text.ToString();
    }
}
