using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DevOpsAgent.LogStore.Api;

internal static class JsonBody
{
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            write(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static ApiAnswer Ok(Action<Utf8JsonWriter> write) => new(200, Write(json =>
    {
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    }));

    public static void Shards(Utf8JsonWriter json, int total, int failed = 0, bool skipped = true, int left = 0)
    {
        json.WriteStartObject("_shards");
        json.WriteNumber("total", total);
        json.WriteNumber("successful", total - failed);
        if (skipped)
        {
            json.WriteNumber("skipped", left);
        }

        json.WriteNumber("failed", failed);
    }
}
