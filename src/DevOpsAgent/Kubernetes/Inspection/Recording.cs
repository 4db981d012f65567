using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Reads a recorded cluster: files of "kubectl get ... -o json" or "-o yaml", manifests, or exchanges with an API server (an object with
/// method, path, status and response). Files of one folder make one cluster.
/// </summary>
internal static class Recording
{
    /// <summary>Bytes of all files: far above a cluster of 20,000 routes.</summary>
    private const long MaxBytes = 512L << 20;

    private const int MaxFiles = 5000;

    private static readonly JsonDocumentOptions Json = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, AllowDuplicateProperties = false };

    /// <param name="path">A file or a folder; its folders are read too.</param>
    /// <exception cref="KubernetesException">No such file, or one that can't be read; the message names it.</exception>
    public static async Task<RecordedCluster> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var cluster = new RecordedCluster($"recording {path}");
        long bytes = 0;
        foreach (var file in FilesOf(path))
        {
            bytes += new FileInfo(file).Length;
            if (bytes > MaxBytes)
            {
                throw Bad($"{path} holds more than {MaxBytes >> 20} MB; record only what an inspection reads (docs/inspection.md lists it)");
            }

            Take(cluster, file, await File.ReadAllTextAsync(file, cancellationToken));
        }

        return cluster.Count > 0 || Directory.Exists(path) ? cluster : throw Bad($"{path} holds no object of a cluster: it should be what 'kubectl get ... -o json' or '-o yaml' prints");
    }

    /// <param name="name">For messages.</param>
    public static RecordedCluster Read(string text, string name)
    {
        var cluster = new RecordedCluster($"recording {name}");
        Take(cluster, name, text);
        return cluster.Count > 0 ? cluster : throw Bad($"{name} holds no object of a cluster: it should be what 'kubectl get ... -o json' or '-o yaml' prints");
    }

    private static IReadOnlyList<string> FilesOf(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        if (!Directory.Exists(path))
        {
            throw Bad($"there is no file or folder {path}");
        }

        var files = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(static f => FileTree.IsOne(f) && !f.EndsWith(".toml", StringComparison.Ordinal) || f.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal).Take(MaxFiles).ToList();
        return files.Count > 0 ? files : throw Bad($"{path} has no .json, .yaml or .yml file");
    }

    private static void Take(RecordedCluster cluster, string file, string text)
    {
        // JSON is YAML too, but ten times faster read as what it is.
        var first = text.AsSpan().TrimStart("\uFEFF \t\r\n");
        if (first.StartsWith("{") || first.StartsWith("["))
        {
            try
            {
                Take(cluster, JsonNode.Parse(text.TrimStart('\uFEFF'), documentOptions: Json), 0);
                return;
            }
            catch (JsonException e)
            {
                throw Bad($"{file} can't be read: {ShownText.Of(e.Message)}");
            }
        }

        if (!YamlJson.TryRead(text, out var documents, out var problem))
        {
            throw Bad($"{file} can't be read: {problem}");
        }

        foreach (var document in documents)
        {
            Take(cluster, document, 0);
        }
    }

    private static void Take(RecordedCluster cluster, JsonNode? node, int depth)
    {
        if (node is JsonArray many && depth < 4)
        {
            foreach (var one in many.Items())
            {
                Take(cluster, one, depth + 1);
            }

            return;
        }

        if (node is not JsonObject item)
        {
            return;
        }

        if (item.ContainsKey("response") && item.At("path").Text() is { } path)
        {
            TakeExchange(cluster, item, path, depth);
            return;
        }

        var kind = item.At("kind").Text() ?? "";
        var version = item.At("apiVersion").Text() ?? "v1";
        if (kind == "APIResourceList")
        {
            TakeDiscovery(cluster, item);
        }
        else if (kind == "APIGroupList")
        {
            foreach (var group in item.At("groups").Items().Select(static g => g.At("name").Text()).OfType<string>())
            {
                cluster.HasGroup(group);
            }
        }
        else if (item.At("items") is JsonArray items && kind.EndsWith("List", StringComparison.Ordinal))
        {
            TakeList(cluster, items, version, kind[..^4]);
        }
        else if (kind.Length > 0 && item.At("metadata") is JsonObject metadata)
        {
            cluster.Add(RecordedKinds.Of(version, kind, metadata.ContainsKey("namespace")), item);
        }
    }

    private static void TakeList(RecordedCluster cluster, JsonArray items, string version, string kind)
    {
        // "kind: List" is kubectl's own: each item says what it is.
        if (kind.Length > 0)
        {
            cluster.Listed(RecordedKinds.Of(version, kind, true));
        }

        foreach (var item in items.OfType<JsonObject>())
        {
            var type = RecordedKinds.Of(item.At("apiVersion").Text() ?? version, item.At("kind").Text() ?? kind, item.At("metadata", "namespace") is not null);
            cluster.Add(type, item);
        }
    }

    private static void TakeExchange(RecordedCluster cluster, JsonObject exchange, string path, int depth)
    {
        var status = exchange.At("status").Number();
        if (exchange.At("method").Text() is not (null or "GET") || depth > 3)
        {
            return;
        }

        if (status == 200)
        {
            Take(cluster, exchange.At("response"), depth + 1);
        }
        else if (status == 403 && TryPath(path, out var group, out var plural))
        {
            cluster.Refused(group, plural, exchange.At("response", "message").Text() ?? "forbidden");
        }
    }

    // /apis/apps/v1/namespaces/traefik/deployments?limit=500 -> apps, deployments
    private static bool TryPath(string path, out string group, out string plural)
    {
        var parts = path.Split('?')[0].Trim('/').Split('/');
        var start = parts[0] == "api" ? 2 : 3;
        group = parts is ["apis", _, ..] ? parts[1] : "";
        var rest = parts.Skip(start).ToArray();
        plural = rest is ["namespaces", _, var namespaced, ..] ? namespaced : rest.FirstOrDefault() ?? "";
        return parts[0] is "api" or "apis" && plural.Length > 0;
    }

    private static void TakeDiscovery(RecordedCluster cluster, JsonObject list)
    {
        var version = list.At("groupVersion").Text() ?? "v1";
        var slash = version.IndexOf('/', StringComparison.Ordinal);
        foreach (var resource in list.At("resources").Items())
        {
            if (resource.At("name").Text() is { } plural && !plural.Contains('/', StringComparison.Ordinal) && resource.At("kind").Text() is { } kind)
            {
                cluster.Offered(new(slash < 0 ? "" : version[..slash], version[(slash + 1)..], plural, kind, resource.At("namespaced").IsTrue()));
            }
        }
    }

    private static KubernetesException Bad(string message) => new(KubernetesFault.Configuration, message);
}
