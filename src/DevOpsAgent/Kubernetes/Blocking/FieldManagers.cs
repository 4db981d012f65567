using System.Globalization;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Who wrote which fields of an object, from its managedFields. A name is free text of whoever wrote: it is cut and made
/// printable before people see it.
/// </summary>
/// <param name="Operation">"Apply" or "Update".</param>
/// <param name="Fields">Down to the second level: "spec.routes".</param>
internal sealed record FieldManager(string Name, string Operation, DateTimeOffset? At, IReadOnlyList<string> Fields)
{
    /// <summary>It has a say in what the object does, not only in its bookkeeping.</summary>
    public bool Decides => Fields.Any(static f => f == "spec" || f == "data" || f.StartsWith("spec.", StringComparison.Ordinal) || f.StartsWith("data.", StringComparison.Ordinal));
}

internal static class FieldManagers
{
    private const int MaxText = 60;

    /// <summary>In the server's order.</summary>
    public static IReadOnlyList<FieldManager> Of(JsonObject actual)
    {
        if (actual["metadata"]?["managedFields"] is not JsonArray entries)
        {
            return [];
        }

        return [.. entries.OfType<JsonObject>().Select(static e => new FieldManager(
            Text(e["manager"]) ?? "", Text(e["operation"]) ?? "",
            DateTimeOffset.TryParse(Text(e["time"]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
            Fields(e["fieldsV1"] as JsonObject)))];
    }

    /// <summary>The others among them, newest first.</summary>
    public static IReadOnlyList<FieldManager> Others(JsonObject actual) =>
        [.. Of(actual).Where(static m => m.Name != OwnedObject.Manager).OrderByDescending(static m => m.At ?? DateTimeOffset.MinValue)];

    /// <summary>"'kubectl-edit' at 2026-11-21 07:52:37Z (spec.routes)".</summary>
    public static string Show(FieldManager manager)
    {
        var at = manager.At is { } time ? time.UtcDateTime.ToString(" 'at' yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "";
        return $"'{Printable(manager.Name)}'{at}{(manager.Fields.Count == 0 ? "" : $" ({Printable(string.Join(", ", manager.Fields))})")}";
    }

    /// <summary>Text of somebody else, for people.</summary>
    public static string Printable(string text) =>
        string.Concat(text.Take(MaxText).Select(static c => c is < ' ' or > '~' or '\'' ? '?' : c)) + (text.Length > MaxText ? "..." : "");

    // {"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{".":{},"f:routes":{}}}
    private static IReadOnlyList<string> Fields(JsonObject? fields)
    {
        if (fields is null)
        {
            return [];
        }

        return [.. from top in fields
                   where top.Key.StartsWith("f:", StringComparison.Ordinal)
                   let inner = (top.Value as JsonObject)?.Where(static f => f.Key.StartsWith("f:", StringComparison.Ordinal)).Select(static f => f.Key[2..]).ToArray() ?? []
                   from path in inner.Length == 0 ? [top.Key[2..]] : inner.Select(i => $"{top.Key[2..]}.{i}")
                   select path];
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
