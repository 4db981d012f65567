using DevOpsAgent.Logs.Query;
using System.Text.Json;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Api;

/// <summary>The few settings that an index of this store has.</summary>
internal static class SettingsJson
{
    public static void Write(Utf8JsonWriter json, LogIndex index, string? pattern, bool flat)
    {
        var settings = new (string Name, string Value)[] { ("number_of_replicas", "0"), ("number_of_shards", "1"), ("provided_name", index.Name), ("uuid", index.Uuid) }
            .Where(s => pattern is null || pattern.Split(',').Any(p => NamePattern.IsMatch(p, "index." + s.Name))).ToList();
        json.WriteStartObject("settings");
        if (!flat && settings.Count > 0)
        {
            json.WriteStartObject("index");
        }

        foreach (var (name, value) in settings)
        {
            json.WriteString(flat ? "index." + name : name, value);
        }

        if (!flat && settings.Count > 0)
        {
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
