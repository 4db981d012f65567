using System.Text.Json;
using System.Text.Json.Serialization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Store;

/// <summary>The JSON in the database: snake_case, append only, read by every later version.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, Converters = [typeof(AddressRangeJson)])]
[JsonSerializable(typeof(Evidence))]
[JsonSerializable(typeof(Recommendation))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class StoreJson : JsonSerializerContext;

/// <summary>A range as "203.0.113.0/24".</summary>
internal sealed class AddressRangeJson : JsonConverter<AddressRange>
{
    public override AddressRange Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        AddressRange.TryParse(reader.GetString(), out var range) ? range : throw new JsonException("Not an address range.");

    public override void Write(Utf8JsonWriter writer, AddressRange value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToCidr());
}
