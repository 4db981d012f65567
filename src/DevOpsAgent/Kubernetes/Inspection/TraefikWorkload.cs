using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A workload whose pods run Traefik, and what they mount.</summary>
internal sealed record TraefikWorkload(ClusterObject Object, JsonNode Pod, JsonNode Container)
{
    private static readonly string[] Kinds = ["Deployment", "DaemonSet", "StatefulSet", "Pod"];

    private static readonly string[] Flags = ["--entrypoints.", "--providers."];

    public ObjectRef Ref => Object.Ref;

    public string Image => Container.At("image").Text() ?? "";

    public IReadOnlyDictionary<string, string> PodLabels =>
        (Object.Ref.Kind == "Pod" ? Object.Json.At("metadata", "labels") : Object.Spec.At("template", "metadata", "labels")).TextMap();

    /// <summary>command and args in one; the program's own name is not among them.</summary>
    public IReadOnlyList<string> Arguments
    {
        get
        {
            var words = Container.At("command").Texts();
            var program = words.Count > 0 && !words[0].StartsWith('-') ? 1 : 0;
            return [.. words.Skip(program), .. Container.At("args").Texts()];
        }
    }

    /// <summary>The ConfigMaps and Secrets that its pods mount or take variables from, sorted.</summary>
    public IReadOnlyList<ObjectRef> Sources =>
        [.. Mounts.Select(static m => m.Source)
            .Concat(Container.At("envFrom").Items().SelectMany(e => Refs(e.At("configMapRef", "name").Text(), e.At("secretRef", "name").Text())))
            // A single value of a Secret is never needed: only ConfigMaps are asked for.
            .Concat(Container.At("env").Items().SelectMany(e => Refs(e.At("valueFrom", "configMapKeyRef", "name").Text(), null)))
            .Distinct().Order()];

    /// <summary>Where ConfigMaps and Secrets appear in Traefik's container.</summary>
    public IReadOnlyList<Mount> Mounts
    {
        get
        {
            var volumes = Pod.At("volumes").Items();
            var mounts = new List<Mount>();
            foreach (var mount in Container.At("volumeMounts").Items())
            {
                var name = mount.At("name").Text();
                var volume = volumes.FirstOrDefault(v => name is not null && v.At("name").Text() == name);
                foreach (var source in volume.At("projected", "sources").Items().Append(volume))
                {
                    foreach (var from in Refs(source.At("configMap", "name").Text(), source.At("secret", "name").Text() ?? source.At("secret", "secretName").Text()))
                    {
                        mounts.Add(new(from, mount.At("mountPath").Text() ?? "", mount.At("subPath").Text() ?? "", (source.At("configMap") ?? source.At("secret")).At("items")));
                    }
                }
            }

            return mounts;
        }
    }

    /// <summary>All of them, sorted by name.</summary>
    public static IEnumerable<TraefikWorkload> AllOf(ClusterObjects objects) =>
        Kinds.SelectMany(objects.Of).Select(static o => Of(o)).OfType<TraefikWorkload>().OrderBy(static w => w.Ref);

    private static TraefikWorkload? Of(ClusterObject item)
    {
        // A pod of a ReplicaSet is told by its Deployment.
        if (item.Ref.Kind == "Pod" && item.Json.At("metadata", "ownerReferences").Items().Any(static o => o.At("kind").Text() is "ReplicaSet" or "DaemonSet" or "StatefulSet"))
        {
            return null;
        }

        var pod = item.Ref.Kind == "Pod" ? item.Spec : item.Spec.At("template", "spec");
        var container = pod.At("containers").Items().Where(static c => c is not null).OrderByDescending(static c => Likeness(c)).FirstOrDefault();
        return pod is null || container is null || Likeness(container) == 0 ? null : new(item, pod, container);
    }

    // "registry.example.org:5000/rancher/mirrored-library-traefik:3.1.2" -> mirrored-library-traefik; traefik/whoami and traefik-forward-auth are no Traefik
    private static int Likeness(JsonNode? container)
    {
        var words = container.At("command").Texts().Concat(container.At("args").Texts());
        var image = TraefikImage.Name(container.At("image").Text() ?? "");
        var named = image is "traefik" or "traefikee" or "traefik-hub" || image.EndsWith("-traefik", StringComparison.OrdinalIgnoreCase);
        var flagged = words.Any(static w => Array.Exists(Flags, f => w.StartsWith(f, StringComparison.OrdinalIgnoreCase)));
        return (named ? 2 : 0) + (flagged ? 1 : 0);
    }

    private IEnumerable<ObjectRef> Refs(string? configMap, string? secret)
    {
        if (!string.IsNullOrEmpty(configMap))
        {
            yield return new("v1", "ConfigMap", Object.Namespace, ShownText.Of(configMap));
        }

        if (!string.IsNullOrEmpty(secret))
        {
            yield return new("v1", "Secret", Object.Namespace, ShownText.Of(secret));
        }
    }
}

/// <param name="Source">A ConfigMap or Secret.</param>
/// <param name="Path">The directory, or with <paramref name="SubPath"/> the file, in the container.</param>
/// <param name="Items">Null: every key is a file of that name; else pairs of key and path.</param>
internal sealed record Mount(ObjectRef Source, string Path, string SubPath, JsonNode? Items)
{
    /// <summary>The files that it makes of the object's keys.</summary>
    public IEnumerable<MountedFile> Files(ClusterObject? source)
    {
        foreach (var (key, value) in source?.Json.At("data").Entries() ?? [])
        {
            var items = Items.Items();
            var name = Items is null ? key : items.FirstOrDefault(i => i.At("key").Text() == key).At("path").Text();
            if (name is null || (SubPath.Length > 0 && SubPath != name) || value.Text() is not { } text)
            {
                continue;
            }

            yield return new(Source, key, SubPath.Length > 0 ? Path : $"{Path.TrimEnd('/')}/{name}", Source.Kind == "Secret" ? Decoded(text) : text);
        }
    }

    private static string Decoded(string base64)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            return "";
        }
    }
}

/// <param name="Path">In the container.</param>
internal sealed record MountedFile(ObjectRef Source, string Key, string Path, string Text)
{
    public bool Secret => Source.Kind == "Secret";

    /// <summary>For people: of a Secret not even the key's content, only its name.</summary>
    public string Place => $"{Source}, key {ShownText.Of(Key, 120)}";
}
