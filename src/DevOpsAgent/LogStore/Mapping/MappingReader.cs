using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Mapping;

/// <summary>One field's declaration, and what new fields become without one.</summary>
internal static class MappingReader
{
    /// <summary>Elasticsearch's default for strings that no template is for.</summary>
    private const int DefaultIgnoreAbove = 256;

    public static FieldMapping Field(string name, string source, JsonElement body)
    {
        var typeName = DslJson.Text(body.GetProperty("type"));
        if (!FieldTypes.TryParse(typeName, out var type))
        {
            throw IsKnown(typeName) ? DslException.NotSupported($"field type {typeName}")
                : new DslException("mapper_parsing_exception", $"Failed to parse mapping: No handler for type [{typeName}] declared on field [{name}]");
        }

        var ignoreAbove = int.MaxValue;
        DateFormat? format = null;
        JsonElement? multi = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "type" or "eager_global_ordinals" or "norms" when p.Name != "norms" || DslJson.Flag(p.Value): break;
                case "ignore_above" when type == FieldType.Keyword: ignoreAbove = DslJson.Int(p.Value); break;
                case "format" when type == FieldType.Date: format = new(DslJson.Text(p.Value)); break;
                case "fields": multi = p.Value; break;
                case "index" or "doc_values" or "coerce" when DslJson.Flag(p.Value): break;
                case "store" or "ignore_malformed" when !DslJson.Flag(p.Value): break;
                case "analyzer" when DslJson.Text(p.Value) == "standard": break;
                default: throw DslException.NotSupported($"mapping parameter {p.Name}");
            }
        }

        var field = new FieldMapping(name, type, source) { IgnoreAbove = ignoreAbove, Format = format ?? DateFormat.Default, HasFormat = format is not null };
        foreach (var p in multi?.EnumerateObject() ?? default)
        {
            var sub = Field($"{name}.{p.Name}", source, p.Value);
            if (!sub.Type.IsText() || !type.IsText() || sub.Type == FieldType.Ip || type == FieldType.Ip)
            {
                throw DslException.NotSupported($"multi-field of type {sub.Type.Name()} below {type.Name()}");
            }

            field.Fields[p.Name] = sub;
        }

        return field;
    }

    public static FieldMapping Default(string path, string jsonType)
    {
        if (jsonType != "string")
        {
            return new(path, jsonType switch { "long" => FieldType.Long, "double" => FieldType.Float, "boolean" => FieldType.Boolean, _ => FieldType.Date }, path);
        }

        var text = new FieldMapping(path, FieldType.Text, path);
        text.Fields["keyword"] = new($"{path}.keyword", FieldType.Keyword, path) { IgnoreAbove = DefaultIgnoreAbove };
        return text;
    }

    public static FieldMapping Templated(string path, DynamicTemplate template, string jsonType)
    {
        if (template.Mapping.TryGetProperty("type", out var type) && DslJson.Text(type) != "{dynamic_type}")
        {
            return Field(path, path, template.Mapping);
        }

        return template.Mapping.EnumerateObject().Any(static p => p.Name != "type") ? throw DslException.NotSupported("dynamic_templates.mapping without type") : Default(path, jsonType);
    }

    private static bool IsKnown(string type) => type is "nested" or "flattened" or "wildcard" or "constant_keyword" or "alias" or "binary" or "date_nanos" or "unsigned_long" or "scaled_float" or "geo_point"
        or "geo_shape" or "point" or "shape" or "match_only_text" or "search_as_you_type" or "completion" or "token_count" or "integer_range" or "long_range" or "float_range" or "double_range" or "date_range"
        or "ip_range" or "dense_vector" or "sparse_vector" or "rank_feature" or "rank_features" or "histogram" or "version" or "join" or "percolator" or "aggregate_metric_double" or "semantic_text";
}
