using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DevOpsAgent.Audit.Mirror;

/// <summary>
/// How far the copy has come, kept beside the log so that a restart goes on from there.
/// <code>{"v":1,"stream":"ops-audit","target":"PostgreSQL db","seq":5211}</code>
/// </summary>
internal static class MirrorPosition
{
    public const string FileName = "audit-mirror.json";

    /// <summary>0: nothing yet, or for another stream or target. A file that can't be read counts as none: lines are then sent again, which is harmless.</summary>
    public static long Read(string directory, string stream, string target)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, FileName)));
            var root = json.RootElement;
            return root.GetProperty("stream").GetString() == stream && root.GetProperty("target").GetString() == target ? Math.Max(0, root.GetProperty("seq").GetInt64()) : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return 0;
        }
    }

    public static void Write(string directory, string stream, string target, long seq)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{{\"v\":1,\"stream\":\"{JsonEncodedText.Encode(stream)}\",\"target\":\"{JsonEncodedText.Encode(target)}\",\"seq\":{seq}}}\n");
        DurableFile.Replace(Path.Combine(directory, FileName), Encoding.UTF8.GetBytes(text));
    }
}
