using System.Buffers;
using System.Text;
using System.Text.Json;

namespace DevOpsAgent.Exec;

/// <summary>The beginning of both streams of a session, for callers that want a result and no stream.</summary>
/// <param name="most">Bytes kept of each.</param>
internal sealed class CollectedOutput(int most)
{
    private readonly ArrayBufferWriter<byte> _stdout = new();
    private readonly ArrayBufferWriter<byte> _stderr = new();

    public void Add(ExecEvent e)
    {
        if (e is ExecEvent.Output output)
        {
            var kept = output.Stream == ExecStream.Stdout ? _stdout : _stderr;
            kept.Write(output.Bytes.Span[..(int)Math.Min(output.Bytes.Length, most - kept.WrittenCount)]);
        }
    }

    /// <summary><c>{"request_id":"32 hex","code":0,"signal":null,"cause":null,"duration_ms":12,"stdout":"text","stderr":"","stdout_bytes":4,"stderr_bytes":0,"truncated":false}</c>; what is no UTF-8 is replaced.</summary>
    public JsonElement ToJson(ExecRequestId id, ExecExit exit)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("request_id", id.ToString());
            WriteNumber(writer, "code", exit.Code);
            WriteNumber(writer, "signal", exit.Signal);
            writer.WriteString("cause", exit.Cause?.Wire());
            writer.WriteNumber("duration_ms", (long)exit.Duration.TotalMilliseconds);
            writer.WriteString("stdout", Encoding.UTF8.GetString(_stdout.WrittenSpan));
            writer.WriteString("stderr", Encoding.UTF8.GetString(_stderr.WrittenSpan));
            writer.WriteNumber("stdout_bytes", exit.StdoutBytes);
            writer.WriteNumber("stderr_bytes", exit.StderrBytes);
            writer.WriteBoolean("truncated", exit.Truncated || exit.StdoutBytes > _stdout.WrittenCount || exit.StderrBytes > _stderr.WrittenCount);
            writer.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
