using System.Text.Json;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Audit;

/// <summary>
/// What a checkpoint, a retention line or the head says, once its signature is known to be right.
/// <code>{"event":"checkpoint",...,"kind":"closing","segment":1,"count":5210,"prev_checkpoint":"00..","key":"5b..","v":1,"seq":5211,"prev":"c4..","signature":"mZ..==","hash":"9a.."}</code>
/// </summary>
internal sealed record SignedLine
{
    public const string Closing = "closing", Running = "running";

    public required string Key { get; init; }
    public string? Kind { get; init; }
    public long Segment { get; init; }
    public long Count { get; init; }
    public string? PrevCheckpoint { get; init; }
    public long RemovedThrough { get; init; }
    public string? ClosingHash { get; init; }
    public string? Reason { get; init; }

    /// <summary>Of the head only: seq and hash of the line that it stands for.</summary>
    public long Seq { get; init; }

    public string? Hash { get; init; }

    /// <summary>Never throws.</summary>
    /// <param name="problem">Following "the line": "is signed by a key that isn't known (5b..)".</param>
    public static bool TryRead(ReadOnlySpan<byte> text, Func<string, byte[]?> findPublic, out SignedLine line, out string problem)
    {
        line = null!;
        problem = "is not a signed line of this log";
        try
        {
            if (!LineForm.TrySigned(text, out var signed))
            {
                return false;
            }

            using var json = JsonDocument.Parse(text.ToArray());
            var root = json.RootElement;

            // Base64 has several spellings of the same bytes; only the one that was written is right.
            if (Text(root, "key") is not { } key || Text(root, "signature") is not { } base64 || Convert.FromBase64String(base64) is not { } signature
                || Convert.ToBase64String(signature) != base64)
            {
                return false;
            }

            if (findPublic(key) is not { } publicKey)
            {
                problem = $"is signed by a key that isn't known ({key})";
                return false;
            }

            if (!SigningKey.Verify(publicKey, signed, signature))
            {
                problem = "has a false signature";
                return false;
            }

            line = new()
            {
                Key = key,
                Kind = Text(root, "kind"),
                Segment = Number(root, "segment"),
                Count = Number(root, "count"),
                PrevCheckpoint = Text(root, "prev_checkpoint"),
                RemovedThrough = Number(root, "removed_through"),
                ClosingHash = Text(root, "closing"),
                Reason = Text(root, "reason"),
                Seq = Number(root, "seq"),
                Hash = Text(root, "hash"),
            };
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long Number(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;
}
