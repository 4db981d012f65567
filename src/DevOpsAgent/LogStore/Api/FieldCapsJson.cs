using DevOpsAgent.Logs.Query;
using System.Text.Json;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>Which fields can be searched and aggregated, over all indexes; where they disagree, which index has what.</summary>
internal static class FieldCapsJson
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<IndexView> views, string[] patterns)
    {
        var names = new SortedDictionary<string, SortedDictionary<string, List<string>>>(StringComparer.Ordinal);
        foreach (var view in views)
        {
            foreach (var field in view.Index.Mapping.Fields.Values.Where(f => patterns.Any(p => NamePattern.IsMatch(p, f.Name))))
            {
                Add(names, field.Name, field.Type.Name(), view.Index.Name);
                for (var dot = field.Name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = field.Name.IndexOf('.', dot + 1))
                {
                    if (view.Index.Mapping.IsObject(field.Name[..dot]))
                    {
                        Add(names, field.Name[..dot], "object", view.Index.Name);
                    }
                }
            }

            foreach (var name in view.Index.Mapping.Objects.Where(o => patterns.Any(p => NamePattern.IsMatch(p, o))))
            {
                Add(names, name, "object", view.Index.Name);
            }
        }

        json.WriteStartArray("indices");
        foreach (var view in views)
        {
            json.WriteStringValue(view.Index.Name);
        }

        json.WriteEndArray();
        json.WriteStartObject("fields");
        foreach (var (name, types) in names)
        {
            json.WriteStartObject(name);
            foreach (var (type, indexes) in types)
            {
                One(json, type, types.Count > 1 ? indexes : null);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void One(Utf8JsonWriter json, string type, List<string>? indexes)
    {
        json.WriteStartObject(type);
        json.WriteString("type", type);
        json.WriteBoolean("metadata_field", false);
        json.WriteBoolean("searchable", type != "object");
        json.WriteBoolean("aggregatable", type is not ("object" or "text"));
        if (indexes is not null)
        {
            json.WriteStartArray("indices");
            indexes.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Add(SortedDictionary<string, SortedDictionary<string, List<string>>> names, string name, string type, string index)
    {
        if (!names.TryGetValue(name, out var types))
        {
            names[name] = types = new(StringComparer.Ordinal);
        }

        if (!types.TryGetValue(type, out var indexes))
        {
            types[type] = indexes = [];
        }

        if (!indexes.Contains(index, StringComparer.Ordinal))
        {
            indexes.Add(index);
        }
    }
}
