using System.Text.Json;

namespace DevOpsAgent.Audit;

/// <summary>A line that was read and whose own hash is right. Whether it stands in its place is for the reader of the chain to say.</summary>
internal sealed record AuditLine
{
    public required string Event { get; init; }
    public required long TsUnixMs { get; init; }
    public required string? RequestId { get; init; }
    public required long Seq { get; init; }
    public required string Prev { get; init; }
    public required string Hash { get; init; }

    public ChainEnd End => new(Seq, Hash);

    /// <summary>Reads one line without its line feed. Never throws, whatever the bytes are.</summary>
    /// <param name="problem">What is wrong with it, following "the line": "does not end with its hash".</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out AuditLine line, out string problem)
    {
        line = null!;
        if (!LineForm.TryCut(text, out var front, out var said))
        {
            problem = "does not end with its hash";
            return false;
        }

        var hash = LineForm.HashOf(front);
        if (!IsAscii(said, hash))
        {
            problem = "was changed: its hash is not that of its text";
            return false;
        }

        problem = "is not an event of this log";
        try
        {
            return TryReadKeys(text, hash, ref problem, out line);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static bool TryReadKeys(ReadOnlySpan<byte> text, string hash, ref string problem, out AuditLine line)
    {
        line = null!;
        string? name = null, prev = null, request = null;
        long? ts = null, seq = null, version = null;
        var reader = new Utf8JsonReader(text);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.ValueTextEquals("event"u8) ? 1 : reader.ValueTextEquals("ts_unix_ms"u8) ? 2 : reader.ValueTextEquals("request_id"u8) ? 3
                : reader.ValueTextEquals("v"u8) ? 4 : reader.ValueTextEquals("seq"u8) ? 5 : reader.ValueTextEquals("prev"u8) ? 6 : 0;
            reader.Read();
            switch (key)
            {
                case 1: name = reader.GetString(); break;
                case 2: ts = reader.GetInt64(); break;
                case 3: request = reader.GetString(); break;
                case 4: version = reader.GetInt64(); break;
                case 5: seq = reader.GetInt64(); break;
                case 6: prev = reader.GetString(); break;
                default: reader.Skip(); break;
            }
        }

        while (reader.Read())
        {
            // Up to the end: text after the object makes the reader throw.
        }

        if (version is > LineForm.Version)
        {
            problem = $"has format version {version}: read it with a newer devops-agent";
            return false;
        }

        if (name is null || ts is null || seq is null or < 1 || version is not LineForm.Version || prev is not { Length: LineForm.HashDigits })
        {
            return false;
        }

        line = new() { Event = name, TsUnixMs = ts.Value, RequestId = request, Seq = seq.Value, Prev = prev, Hash = hash };
        return true;
    }

    private static bool IsAscii(ReadOnlySpan<byte> bytes, string text)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != text[i])
            {
                return false;
            }
        }

        return bytes.Length == text.Length;
    }
}
