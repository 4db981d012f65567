using System.Text.Json;

namespace DevOpsAgent.LogStore.Mapping;

/// <summary>Mappings as <c>_mapping</c> shows them.</summary>
internal static class MappingJson
{
    public static void Write(Utf8JsonWriter json, IndexMapping mapping)
    {
        json.WriteStartObject();
        if (mapping.DynamicText is { } dynamic)
        {
            json.WriteString("dynamic", dynamic);
        }

        if (mapping.Templates.Count > 0)
        {
            json.WriteStartArray("dynamic_templates");
            foreach (var template in mapping.Templates)
            {
                Template(json, template);
            }

            json.WriteEndArray();
        }

        if (mapping.HasDateDetection)
        {
            json.WriteBoolean("date_detection", mapping.DateDetection);
        }

        if (mapping.Root.Fields.Count + mapping.Root.Objects.Count > 0)
        {
            Properties(json, mapping.Root);
        }

        json.WriteEndObject();
    }

    private static void Template(Utf8JsonWriter json, DynamicTemplate template)
    {
        json.WriteStartObject();
        json.WriteStartObject(template.Name);
        foreach (var (key, value) in new[] { ("match", template.Match), ("unmatch", template.Unmatch), ("path_match", template.PathMatch), ("match_mapping_type", template.MatchType) })
        {
            if (value is not null)
            {
                json.WriteString(key, value);
            }
        }

        json.WritePropertyName("mapping");
        template.Mapping.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Properties(Utf8JsonWriter json, ObjectMapping node)
    {
        json.WriteStartObject("properties");
        foreach (var name in node.Fields.Keys.Concat(node.Objects.Keys).Order(StringComparer.Ordinal))
        {
            json.WritePropertyName(name);
            if (node.Fields.TryGetValue(name, out var field))
            {
                Field(json, field);
                continue;
            }

            var child = node.Objects[name];
            json.WriteStartObject();
            if (child.Fields.Count + child.Objects.Count > 0)
            {
                Properties(json, child);
            }
            else
            {
                json.WriteString("type", "object");
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    public static void Field(Utf8JsonWriter json, FieldMapping field)
    {
        json.WriteStartObject();
        json.WriteString("type", field.Type.Name());
        if (field.Fields.Count > 0)
        {
            json.WriteStartObject("fields");
            foreach (var (name, sub) in field.Fields)
            {
                json.WritePropertyName(name);
                Field(json, sub);
            }

            json.WriteEndObject();
        }

        if (field.IgnoreAbove != int.MaxValue)
        {
            json.WriteNumber("ignore_above", field.IgnoreAbove);
        }

        if (field.HasFormat)
        {
            json.WriteString("format", field.Format.Text);
        }

        json.WriteEndObject();
    }
}
