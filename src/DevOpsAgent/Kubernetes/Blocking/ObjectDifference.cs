using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>What an object in the cluster has otherwise than ours should.</summary>
internal static class ObjectDifference
{
    /// <summary>
    /// The first field that is missing or has another value: "spec.routes[0].match". Null: every field of ours is there, and nobody
    /// else has a say in the spec. What the server adds by itself is no difference.
    /// </summary>
    public static string? Of(OwnedObject wanted, JsonObject actual)
    {
        if (actual["metadata"]?["deletionTimestamp"] is not null)
        {
            return "metadata.deletionTimestamp";
        }

        foreach (var key in new[] { "metadata", "spec" })
        {
            if (First(wanted.Body[key], actual[key], key) is { } path)
            {
                return path;
            }
        }

        return FieldManagers.Others(actual).FirstOrDefault(static m => m.Decides)?.Fields.FirstOrDefault(static f => f.StartsWith("spec", StringComparison.Ordinal));
    }

    private static string? First(JsonNode? wanted, JsonNode? actual, string path)
    {
        switch (wanted)
        {
            case JsonObject fields:
                if (actual is not JsonObject others)
                {
                    return path;
                }

                foreach (var (key, value) in fields)
                {
                    if (First(value, others[key], $"{path}.{key}") is { } found)
                    {
                        return found;
                    }
                }

                return null;
            case JsonArray items:
                if (actual is not JsonArray array || array.Count != items.Count)
                {
                    return path;
                }

                for (var i = 0; i < items.Count; i++)
                {
                    if (First(items[i], array[i], $"{path}[{i}]") is { } found)
                    {
                        return found;
                    }
                }

                return null;
            default:
                return Same(wanted, actual) ? null : path;
        }
    }

    private static bool Same(JsonNode? wanted, JsonNode? actual)
    {
        if (wanted is null || actual is null)
        {
            return wanted is null && actual is null;
        }

        var kind = wanted.GetValueKind();
        return kind == actual.GetValueKind() && kind switch
        {
            JsonValueKind.String => wanted.GetValue<string>() == actual.GetValue<string>(),
            JsonValueKind.Number => Number(wanted) == Number(actual),
            _ => true,
        };
    }

    /// <summary>A number made here is an int, a number read is text.</summary>
    private static double Number(JsonNode node) => node.AsValue().TryGetValue<int>(out var whole) ? whole : node.AsValue().GetValue<double>();
}
