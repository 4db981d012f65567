using DevOpsAgent.Logs.Query;
using System.Text.Json;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Api;

/// <summary><c>filter_path</c>: only these parts of an answer, or all but those behind a minus. <c>*</c> stands for a name, <c>**</c> for any depth.</summary>
internal static class FilterPath
{
    public static byte[] Apply(byte[] body, string filter)
    {
        var parts = filter.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var includes = parts.Where(static p => p[0] != '-').Select(static p => p.Split('.')).ToList();
        var excludes = parts.Where(static p => p[0] == '-').Select(static p => p[1..].Split('.')).ToList();
        using var document = JsonDocument.Parse(body);
        return JsonBody.Write(json =>
        {
            if (!Write(json, null, document.RootElement, includes, excludes, includes.Count == 0))
            {
                json.WriteStartObject();
                json.WriteEndObject();
            }
        });
    }

    private static bool Write(Utf8JsonWriter json, string? name, JsonElement value, List<string[]> includes, List<string[]> excludes, bool included)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return Object(json, name, value, includes, excludes, included);
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            return Array(json, name, value, includes, excludes, included);
        }

        if (!included)
        {
            return false;
        }

        Name(json, name);
        value.WriteTo(json);
        return true;
    }

    private static bool Object(Utf8JsonWriter json, string? name, JsonElement value, List<string[]> includes, List<string[]> excludes, bool included)
    {
        var parts = new List<(string Name, byte[] Body)>();
        foreach (var p in value.EnumerateObject())
        {
            var (into, isIn) = Step(includes, p.Name);
            var (outOf, isOut) = Step(excludes, p.Name);
            if (isOut || (!included && !isIn && into.Count == 0))
            {
                continue;
            }

            var kept = false;
            var body = JsonBody.Write(j => kept = Write(j, null, p.Value, into, outOf, included || isIn));
            if (kept)
            {
                parts.Add((p.Name, body));
            }
        }

        if (parts.Count == 0 && !(included && !value.EnumerateObject().Any()))
        {
            return false;
        }

        Name(json, name);
        json.WriteStartObject();
        foreach (var (key, body) in parts)
        {
            json.WritePropertyName(key);
            json.WriteRawValue(body, skipInputValidation: true);
        }

        json.WriteEndObject();
        return true;
    }

    private static bool Array(Utf8JsonWriter json, string? name, JsonElement value, List<string[]> includes, List<string[]> excludes, bool included)
    {
        var items = new List<byte[]>();
        foreach (var item in value.EnumerateArray())
        {
            var kept = false;
            var body = JsonBody.Write(j => kept = Write(j, null, item, includes, excludes, included));
            if (kept)
            {
                items.Add(body);
            }
        }

        if (items.Count == 0 && !(included && value.GetArrayLength() == 0))
        {
            return false;
        }

        Name(json, name);
        json.WriteStartArray();
        items.ForEach(i => json.WriteRawValue(i, skipInputValidation: true));
        json.WriteEndArray();
        return true;
    }

    private static void Name(Utf8JsonWriter json, string? name)
    {
        if (name is not null)
        {
            json.WritePropertyName(name);
        }
    }

    /// <summary>What is left of the paths below a name, and whether one ends there.</summary>
    private static (List<string[]> Below, bool Ends) Step(List<string[]> paths, string name)
    {
        var rest = new List<string[]>();
        var ends = false;
        foreach (var path in paths)
        {
            if (path[0] == "**")
            {
                rest.Add(path);
                if (path.Length > 1 && NamePattern.IsMatch(path[1], name))
                {
                    ends |= path.Length == 2;
                    if (path.Length > 2)
                    {
                        rest.Add(path[2..]);
                    }
                }

                ends |= path.Length == 1;
            }
            else if (NamePattern.IsMatch(path[0], name))
            {
                ends |= path.Length == 1;
                if (path.Length > 1)
                {
                    rest.Add(path[1..]);
                }
            }
        }

        return (rest, ends);
    }
}
