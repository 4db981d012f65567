using System.Buffers;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// A frame with both signatures, as it travels: one line of JSON
/// <c>{"frame":"base64","agent_signature":"base64 of 64 bytes","machine_signature":"base64 of 64 bytes"}</c>, where frame is
/// <c>{"v":1,"receiver":"64 hex","start_id":"32 hex","nonce":"32 hex","ts_unix_ms":0,"agent_key":"base64","machine_key":"base64","call":{...}}</c>.
/// The signatures are over the bytes of the frame as they came, behind a prefix that names the format and who signs.
/// </summary>
/// <param name="Bytes">The frame as signed.</param>
internal sealed record SignedFrame(RequestFrame Frame, byte[] Bytes, byte[] AgentSignature, byte[] MachineSignature)
{
    /// <summary>A frame of the largest call, in base64, and the rest.</summary>
    public const int MaxBytes = (ExecCallJson.MaxBytes / 3 * 4) + 4096;

    private const int HexId = 64;
    private const int HexNonce = 32;

    public static SignedFrame Sign(RequestFrame frame, SigningKey agent, SigningKey machine)
    {
        var bytes = Write(frame);
        return new(frame, bytes, agent.Sign(Signed(PeerKind.Agent, bytes)), machine.Sign(Signed(PeerKind.Machine, bytes)));
    }

    public bool IsSignedBy(PeerKind kind) => kind == PeerKind.Agent
        ? SigningKey.Verify(Frame.Agent.PublicKey, Signed(kind, Bytes), AgentSignature)
        : SigningKey.Verify(Frame.Machine.PublicKey, Signed(kind, Bytes), MachineSignature);

    /// <summary>One line, without its end.</summary>
    public byte[] ToLine()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteBase64String("frame", Bytes);
            writer.WriteBase64String("agent_signature", AgentSignature);
            writer.WriteBase64String("machine_signature", MachineSignature);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Null for whatever is not exactly a frame. Says nothing about who sent it.</summary>
    public static SignedFrame? TryRead(ReadOnlyMemory<byte> line)
    {
        try
        {
            if (line.Length > MaxBytes)
            {
                return null;
            }

            using var document = JsonDocument.Parse(line, ExecCallJson.Strict);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && root.GetPropertyCount() == 3
                && Base64(root, "frame") is { Length: <= ExecCallJson.MaxBytes } bytes
                && Base64(root, "agent_signature") is { Length: SigningKey.SignatureBytes } agent
                && Base64(root, "machine_signature") is { Length: SigningKey.SignatureBytes } machine
                && ReadFrame(bytes) is { } frame
                ? new(frame, bytes, agent, machine)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // not JSON, too deep, a key twice; or text that is not UTF-8
        }
    }

    private static RequestFrame? ReadFrame(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes, ExecCallJson.Strict);
        var root = document.RootElement;
        return root.ValueKind == JsonValueKind.Object && root.GetPropertyCount() == 8
            && root.TryGetProperty("v", out var version) && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var number) && number == 1
            && root.TryGetProperty("receiver", out var receiver) && ExecCallJson.IsHex(receiver, HexId, out var receiverId)
            && root.TryGetProperty("start_id", out var start) && ExecCallJson.IsHex(start, HexNonce, out var startId)
            && root.TryGetProperty("nonce", out var nonce) && ExecCallJson.IsHex(nonce, HexNonce, out var nonceHex)
            && root.TryGetProperty("ts_unix_ms", out var ts) && ts.ValueKind == JsonValueKind.Number && ts.TryGetInt64(out var time) && IsTime(time)
            && PeerKey.TryRead(Base64(root, "agent_key")) is { } agent
            && PeerKey.TryRead(Base64(root, "machine_key")) is { } machine
            && root.TryGetProperty("call", out var callJson) && ExecCallJson.TryRead(callJson) is { } call
            ? new()
            {
                Call = call,
                Agent = agent,
                Machine = machine,
                Receiver = receiverId!,
                StartId = startId!,
                Nonce = nonceHex!,
                Time = DateTimeOffset.FromUnixTimeMilliseconds(time),
            }
            : null;
    }

    private static byte[] Write(RequestFrame frame)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("v", 1);
            writer.WriteString("receiver", frame.Receiver);
            writer.WriteString("start_id", frame.StartId);
            writer.WriteString("nonce", frame.Nonce);
            writer.WriteNumber("ts_unix_ms", frame.Time.ToUnixTimeMilliseconds());
            writer.WriteBase64String("agent_key", frame.Agent.PublicKey);
            writer.WriteBase64String("machine_key", frame.Machine.PublicKey);
            writer.WritePropertyName("call");
            ExecCallJson.Write(frame.Call, writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    // An agent's signature can't be shown as a machine's, nor a receipt's or checkpoint's as a frame's.
    private static byte[] Signed(PeerKind kind, byte[] frame) => [.. Encoding.ASCII.GetBytes($"devops-agent exec frame v1 {ExecIdentity.Name(kind)}\n"), .. frame];

    // Years 2000 to 9999: what DateTimeOffset can hold, with room to add a skew.
    private static bool IsTime(long milliseconds) => milliseconds is > 946_684_800_000 and < 253_000_000_000_000;

    private static byte[]? Base64(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : null;
}
