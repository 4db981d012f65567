using System.Buffers;
using System.Text.Json;

namespace DevOpsAgent.Exec.Remote;

/// <summary>An <see cref="ExecCall"/> to JSON and back. What comes in is hostile: anything unknown, missing, doubled or out of range is refused.</summary>
internal static class ExecCallJson
{
    /// <summary>The longest line that is read, in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    public const int MaxArguments = 1024;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    private const int RequestIdLength = 32;
    private const int HashLength = 64;

    /// <summary>Objects nest two deep in a frame; a third level is slack for none.</summary>
    internal static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    public static byte[] Write(ExecCall call)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(call, writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(ExecCall call, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("op", NameOf(call.Operation));
        writer.WriteString("request_id", call.RequestId);
        writer.WriteStartArray("argv");
        foreach (var token in call.Argv)
        {
            writer.WriteStringValue(token);
        }

        writer.WriteEndArray();
        writer.WriteNumber("stdin_bytes", call.StdinBytes);
        writer.WriteString("stdin_sha256", call.StdinSha256);
        if (call.TimeoutMs is { } timeout)
        {
            writer.WriteNumber("timeout_ms", timeout);
        }
        else
        {
            writer.WriteNull("timeout_ms");
        }

        writer.WriteString("cwd", call.Cwd);
        writer.WriteEndObject();
    }

    public static ExecCall? TryRead(ReadOnlyMemory<byte> json)
    {
        try
        {
            if (json.Length > MaxBytes)
            {
                return null;
            }

            using var document = JsonDocument.Parse(json, Strict);
            return TryRead(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // not JSON, too deep, a key twice; or text that is not UTF-8
        }
    }

    /// <summary>May throw InvalidOperationException for text that is not UTF-8: the caller catches it.</summary>
    public static ExecCall? TryRead(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        CallOperation? operation = null;
        string? id = null;
        string? cwd = null;
        string? hash = null;
        IReadOnlyList<string> argv = [];
        long bytes = 0;
        long? timeout = null;
        foreach (var property in json.EnumerateObject())
        {
            var value = property.Value;
            var fine = property.Name switch
            {
                "op" => value.ValueKind == JsonValueKind.String && (operation = OperationOf(value.GetString()!)) is not null,
                "request_id" => IsHex(value, RequestIdLength, out id),
                "argv" => IsArgv(value, out argv),
                "stdin_bytes" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out bytes) && bytes >= 0,
                "stdin_sha256" => value.ValueKind == JsonValueKind.Null || IsHex(value, HashLength, out hash),
                "timeout_ms" => IsTimeout(value, out timeout),
                "cwd" => value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && (cwd = value.GetString()) is not null),
                _ => false,
            };
            if (!fine)
            {
                return null;
            }
        }

        // What is said about standard input must not contradict itself.
        return operation is { } known && id is not null && (bytes > 0) == (hash is not null)
            ? new() { Operation = known, RequestId = id, Argv = argv, StdinBytes = bytes, StdinSha256 = hash, TimeoutMs = timeout, Cwd = cwd }
            : null;
    }

    public static bool IsHex(JsonElement value, int length, out string? hex)
    {
        hex = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return hex is not null && IsHex(hex, length);
    }

    /// <summary>Lower case only: one id has one form.</summary>
    public static bool IsHex(string text, int length) => text.Length == length && !text.AsSpan().ContainsAnyExcept(LowerHex);

    private static bool IsArgv(JsonElement value, out IReadOnlyList<string> argv)
    {
        argv = [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MaxArguments)
        {
            return false;
        }

        var tokens = new List<string>(value.GetArrayLength());
        foreach (var token in value.EnumerateArray())
        {
            if (token.ValueKind != JsonValueKind.String)
            {
                return false;
            }

            tokens.Add(token.GetString()!);
        }

        argv = tokens;
        return true;
    }

    private static bool IsTimeout(JsonElement value, out long? timeout)
    {
        timeout = null;
        if (value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number) || number <= 0)
        {
            return false;
        }

        timeout = number;
        return true;
    }

    private static string NameOf(CallOperation operation) => operation switch
    {
        CallOperation.Run => "run",
        CallOperation.Check => "check",
        CallOperation.Renew => "renew",
        CallOperation.Cancel => "cancel",
        _ => "sessions",
    };

    private static CallOperation? OperationOf(string name) => name switch
    {
        "run" => CallOperation.Run,
        "check" => CallOperation.Check,
        "renew" => CallOperation.Renew,
        "cancel" => CallOperation.Cancel,
        "sessions" => CallOperation.Sessions,
        _ => null,
    };
}
