using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Finds which of its three forms a Traefik reads its static configuration from: a file before arguments before the environment; only one of them counts.</summary>
/// <param name="ReadFrom">"arguments", "environment", "ConfigMap traefik/config, key traefik.yml"; empty: nothing is given.</param>
/// <param name="Complete">False: it is in a file that could not be read.</param>
internal sealed record StaticConfiguration(StaticOptions Options, string ReadFrom, bool Complete, IReadOnlyList<string> Remarks)
{
    /// <summary>Where Traefik looks without --configFile; $XDG_CONFIG_HOME and $HOME/.config are not set in its image.</summary>
    private static readonly string[] DefaultFiles = ["/etc/traefik/traefik.toml", "/etc/traefik/traefik.yaml", "/etc/traefik/traefik.yml", "/traefik.toml", "/traefik.yaml", "/traefik.yml"];

    public static StaticConfiguration Of(TraefikWorkload workload, ClusterObjects objects)
    {
        var remarks = new List<string>();
        var arguments = StaticOptions.OfArguments(workload.Arguments);
        var (variables, hidden) = Environment(workload, objects);
        var environment = StaticOptions.OfEnvironment(variables);
        var files = workload.Mounts.SelectMany(m => m.Files(objects.Find(m.Source.Kind, m.Source.Namespace, m.Source.Name))).ToList();
        var named = arguments.Get("configfile") ?? environment.Get("configfile");

        // "--configFile" alone is no configuration: the file counts.
        var flags = arguments.All.Count(static o => !o.Key.Equals("configfile", StringComparison.OrdinalIgnoreCase));
        var variable = environment.All.Count(static o => !o.Key.Equals("configfile", StringComparison.OrdinalIgnoreCase));
        var path = named ?? DefaultFiles.FirstOrDefault(f => files.Exists(m => m.Path == f));
        if (path is not null)
        {
            if (flags + variable > 0)
            {
                remarks.Add($"Traefik reads {ShownText.Of(path)} and ignores {(flags > 0 ? "its other arguments" : "TRAEFIK_ variables")}: only one of file, arguments and environment counts");
            }

            return OfFile(path, files, remarks);
        }

        if (!arguments.IsEmpty)
        {
            if (!environment.IsEmpty)
            {
                remarks.Add("TRAEFIK_ variables are set but ignored: arguments are given, and only one of file, arguments and environment counts");
            }

            return new(arguments, "arguments", true, remarks);
        }

        if (hidden.Count > 0)
        {
            remarks.Add($"the value of {string.Join(", ", hidden)} comes from a Secret or another object that was not read");
        }

        return new(environment, environment.IsEmpty ? "" : "environment", hidden.Count == 0, remarks);
    }

    private static StaticConfiguration OfFile(string path, List<MountedFile> files, List<string> remarks)
    {
        if (files.Find(f => f.Path == path) is not { } file)
        {
            remarks.Add($"the configuration is in {ShownText.Of(path)}, which is not in a ConfigMap or Secret that could be read");
            return new(new(), ShownText.Of(path), false, remarks);
        }

        if (!FileTree.TryRead(file.Key.Length > 0 ? path : file.Path, file.Text, out var tree, out var problem))
        {
            remarks.Add($"{file.Place} can't be read{(file.Secret ? "" : $": {problem}")}");
            return new(new(), file.Place, false, remarks);
        }

        return new(StaticOptions.OfTree(tree), file.Place, true, remarks);
    }

    /// <summary>The container's variables, and the names of those whose value isn't known.</summary>
    private static (IReadOnlyList<KeyValuePair<string, string>> Known, IReadOnlyList<string> Hidden) Environment(TraefikWorkload workload, ClusterObjects objects)
    {
        var known = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var hidden = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var from in workload.Container.At("envFrom").Items())
        {
            var prefix = from.At("prefix").Text() ?? "";
            foreach (var (key, value) in Data(objects, workload, from.At("configMapRef", "name").Text()).Entries())
            {
                known[prefix + key] = value.Text() ?? "";
            }
        }

        foreach (var variable in workload.Container.At("env").Items())
        {
            var name = variable.At("name").Text() ?? "";
            var reference = variable.At("valueFrom", "configMapKeyRef");
            var value = variable.At("value").Text() ?? Data(objects, workload, reference.At("name").Text()).At(reference.At("key").Text() ?? "").Text();
            if (value is not null)
            {
                known[name] = value;
            }
            else if (variable.At("valueFrom") is not null && name.StartsWith("TRAEFIK_", StringComparison.OrdinalIgnoreCase))
            {
                hidden.Add(ShownText.Of(name, 100));
            }
        }

        return ([.. known], [.. hidden]);
    }

    private static JsonNode? Data(ClusterObjects objects, TraefikWorkload workload, string? configMap) =>
        configMap is null ? null : objects.Find("ConfigMap", workload.Object.Namespace, ShownText.Of(configMap))?.Json.At("data");
}
