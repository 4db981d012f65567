using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>Objects as they are sent and read.</summary>
internal static class JsonBytes
{
    /// <summary>A second property of the same name is an error while it is parsed, and not when somebody looks at it.</summary>
    public static JsonDocumentOptions Strict { get; } = new() { AllowDuplicateProperties = false };

    // Only what JSON itself asks for is escaped: "`" and "|" of a rule would become six bytes each.
    private static readonly JsonWriterOptions Short = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Of(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Short))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
