using System.Buffers;
using System.Security.Cryptography;

namespace DevOpsAgent.Audit;

/// <summary>
/// What every line of the log has in common, see docs/audit.md. A line is one JSON object in ASCII and a line feed. Its last
/// key is hash: the SHA-256 of the line as it would be without that key. A signed line has signature just before it, over
/// all bytes that stand before <c>,"signature":</c>.
/// <code>{"event":"started","ts_unix_ms":1763715605123,"request_id":"0f..","pid":71,"v":1,"seq":3,"prev":"9a..","hash":"c4.."}</code>
/// </summary>
internal static class LineForm
{
    public const int Version = 1;

    private static readonly SearchValues<byte> LowerHex = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>With its line feed. What is longer is no line of this log.</summary>
    public const int MaxBytes = 1 << 20;

    public const int HashDigits = 64;

    /// <summary>prev of the first line, prev_checkpoint of the first segment.</summary>
    public static string NoHash { get; } = new('0', HashDigits);

    public static ReadOnlySpan<byte> HashKey => ",\"hash\":\""u8;

    public static ReadOnlySpan<byte> SignatureKey => ",\"signature\":\""u8;

    /// <summary>Without the line feed: key, digits, quote and brace.</summary>
    public static int HashTail => HashKey.Length + HashDigits + 2;

    /// <summary>The hash that a line says it has; false: it doesn't end as every line ends.</summary>
    public static bool TryCut(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> front, out ReadOnlySpan<byte> hash)
    {
        front = hash = default;
        if (line.Length <= HashTail || line[^1] != '}' || line[^2] != '"' || !line[^HashTail..].StartsWith(HashKey))
        {
            return false;
        }

        front = line[..^HashTail];
        hash = line[^(HashDigits + 2)..^2];
        return !hash.ContainsAnyExcept(LowerHex);
    }

    /// <summary>SHA-256 of the front and a closing brace, 64 lower-case hex digits.</summary>
    public static string HashOf(ReadOnlySpan<byte> front)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        var text = ArrayPool<byte>.Shared.Rent(front.Length + 1);
        front.CopyTo(text);
        text[front.Length] = (byte)'}';
        SHA256.HashData(text.AsSpan(0, front.Length + 1), digest);
        ArrayPool<byte>.Shared.Return(text);
        return Convert.ToHexStringLower(digest);
    }

    /// <summary>False: the line has no signature.</summary>
    public static bool TrySigned(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> signed)
    {
        // The last one counts: a value can't hold the key itself, as quotes in values are escaped.
        var at = line.LastIndexOf(SignatureKey);
        signed = at < 0 ? default : line[..at];
        return at >= 0;
    }
}
