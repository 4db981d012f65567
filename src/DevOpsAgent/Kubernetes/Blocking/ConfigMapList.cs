using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Blocking;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// The one object of others that is ever changed, and only where the user named it. A key that isn't there, or is ours, becomes a
/// whole file of Traefik's file provider; in a key of somebody else only our marked lines come and go. Every write carries the
/// version that was read: who changed it meanwhile wins, and it is read again.
/// </summary>
internal sealed class ConfigMapList(IKubernetesApi api)
{
    private const int Tries = 5;

    /// <summary>The API server takes 1 MiB in all keys.</summary>
    private const int MaxBytes = 1_000_000;

    /// <summary>Our part of it, for people.</summary>
    public static string Render(DenyLayout layout, DenyList list, IReadOnlyList<string> entryPoints, bool forwarded) =>
        IsFile(layout.List.Key) ? DenyFile.Render(list, entryPoints, forwarded)
        : string.Concat(OpenRanges.Denied(list).Select(static d => $"{d} {ListLines.Mark}\n"));

    /// <summary>What was changed. Throws <see cref="KubernetesException"/> and <see cref="LayoutException"/>.</summary>
    public async Task<string> ApplyAsync(DenyLayout layout, DenyList list, Func<DenyList, string> file, CancellationToken cancellationToken)
    {
        for (var left = Tries; ; left--)
        {
            var map = await ReadAsync(layout, cancellationToken);
            if (map is null && list.Ranges.Count == 0)
            {
                return $"{layout.Place} is not there";
            }

            var (before, after) = Change(layout, map, list, file);
            if (before == after)
            {
                return $"{layout.Place} is as it should be";
            }

            Set(layout, map!, after);
            try
            {
                var written = await api.ReplaceAsync(DenyKinds.ConfigMap, map!, dryRun: false, cancellationToken);
                if (Text(layout, written) != after || Text(layout, await ReadAsync(layout, cancellationToken)) != after)
                {
                    throw new KubernetesException(KubernetesFault.Conflict, $"{layout.Place} does not hold what was just written: is somebody else writing it?");
                }

                return $"Written to {layout.Place} and read back";
            }
            catch (KubernetesException e) when (e.Fault == KubernetesFault.Conflict && left > 1)
            {
                // Somebody changed it since it was read.
            }
        }
    }

    /// <summary>Null: as it should be.</summary>
    public async Task<TargetState> InspectAsync(DenyLayout layout, DenyList list, Func<DenyList, string> file, CancellationToken cancellationToken)
    {
        var map = await ReadAsync(layout, cancellationToken);
        if (map is null)
        {
            return new(true, list.Ranges.Count == 0 ? null : $"{layout.Place} is missing");
        }

        var (before, after) = Change(layout, map, list, file);
        if (before == after)
        {
            return new(true, null);
        }

        // Our lines of an earlier list are our own doing; which of somebody's edits took one away can't be told from that.
        var editor = FieldManagers.Others(map).FirstOrDefault(static m => m.Decides);
        return new(true, $"{layout.Place} does not hold our lines as they should be{(editor is null ? "" : $"; last edited by {FieldManagers.Show(editor)}")}") { Foreign = editor is not null };
    }

    private static (string? Before, string? After) Change(DenyLayout layout, JsonObject? map, DenyList list, Func<DenyList, string> file)
    {
        if (map is null)
        {
            throw new LayoutException($"{layout.Place} is not there: blocking.kubernetes.config_map names a list that Traefik reads already");
        }

        if (map["immutable"] is JsonValue immutable && immutable.TryGetValue<bool>(out var never) && never)
        {
            throw new LayoutException($"{layout.Place} is immutable: nothing can be added to it");
        }

        var before = Text(layout, map);
        if (before is null || DenyFile.IsOurs(before))
        {
            if (!IsFile(layout.List.Key))
            {
                throw new LayoutException($"{layout.Place} has no such key: name one that is there, or a new one that ends in .yaml, if Traefik's file provider reads this ConfigMap as a directory");
            }

            var content = file(list);
            return (before, Fitting(layout, map, before, content.Length == 0 ? null : content));
        }

        try
        {
            return (before, Fitting(layout, map, before, ListLines.With(before, OpenRanges.Denied(list))));
        }
        catch (LayoutException e)
        {
            throw new LayoutException($"nothing can be added to {layout.Place}: {e.Message}");
        }
    }

    private static string? Fitting(DenyLayout layout, JsonObject map, string? before, string? after)
    {
        var others = map["data"] is JsonObject data ? data.Sum(static d => d.Value is JsonValue v && v.TryGetValue<string>(out var text) ? Encoding.UTF8.GetByteCount(text) : 0) : 0;
        var size = others - Encoding.UTF8.GetByteCount(before ?? "") + Encoding.UTF8.GetByteCount(after ?? "");
        return size <= MaxBytes || after is null ? after
            : throw new LayoutException($"{layout.Place} would have {size} bytes with it, and the API server takes 1 MiB: lift some blocks, or set blocking.kubernetes.way to routes");
    }

    private static void Set(DenyLayout layout, JsonObject map, string? after)
    {
        if (map["data"] is not JsonObject data)
        {
            map["data"] = data = [];
        }

        if (after is null)
        {
            data.Remove(layout.List.Key);
        }
        else
        {
            data[layout.List.Key] = after;
        }
    }

    private Task<JsonObject?> ReadAsync(DenyLayout layout, CancellationToken cancellationToken) =>
        api.GetAsync(DenyKinds.ConfigMap, layout.Namespace, layout.List.Name, cancellationToken);

    private static string? Text(DenyLayout layout, JsonObject? map) =>
        map?["data"]?[layout.List.Key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static bool IsFile(string key) => key.EndsWith(".yaml", StringComparison.Ordinal) || key.EndsWith(".yml", StringComparison.Ordinal);
}
