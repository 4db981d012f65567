using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>
/// One item of a list. Which field was written by whom (metadata.managedFields[].fieldsV1) is most of an object's text and
/// asked only of our own objects: of others only the names of the writers are kept, a third of the memory.
/// </summary>
internal static class ListedObject
{
    private const string ManagedBy = "app.kubernetes.io/managed-by";
    private const string Own = "devops-agent";

    /// <exception cref="InvalidOperationException">It is no object.</exception>
    public static JsonObject Of(JsonElement item, ResourceType type, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();

            // Items of built-in kinds come without apiVersion and kind.
            if (!item.TryGetProperty("kind", out _))
            {
                writer.WriteString("apiVersion", type.ApiVersion);
                writer.WriteString("kind", type.Kind);
            }

            foreach (var property in item.EnumerateObject())
            {
                if (property.NameEquals("metadata") && property.Value.ValueKind == JsonValueKind.Object && !IsOwn(property.Value))
                {
                    writer.WritePropertyName("metadata");
                    WriteMetadata(property.Value, writer);
                }
                else
                {
                    property.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        // Becomes a tree only where somebody looks into it.
        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonObject.Create(JsonElement.ParseValue(ref reader))!;
    }

    private static bool IsOwn(JsonElement metadata) =>
        metadata.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Object
        && labels.TryGetProperty(ManagedBy, out var by) && by.ValueKind == JsonValueKind.String && by.ValueEquals(Own);

    private static void WriteMetadata(JsonElement metadata, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var property in metadata.EnumerateObject())
        {
            if (!property.NameEquals("managedFields") || property.Value.ValueKind != JsonValueKind.Array)
            {
                property.WriteTo(writer);
                continue;
            }

            writer.WriteStartArray("managedFields");
            foreach (var entry in property.Value.EnumerateArray().Where(static e => e.ValueKind == JsonValueKind.Object))
            {
                writer.WriteStartObject();
                foreach (var field in entry.EnumerateObject().Where(static f => !f.NameEquals("fieldsV1")))
                {
                    field.WriteTo(writer);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
