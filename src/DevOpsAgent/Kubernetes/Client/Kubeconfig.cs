using DevOpsAgent.Configuration;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>
/// One or several kubeconfig files merged as kubectl does: the first file to name a cluster, a user, a context or the current context
/// wins, and files of a list that don't exist are passed over. Keys that are not known are left alone: the file is other programs' too.
/// </summary>
internal sealed class Kubeconfig
{
    private readonly Dictionary<string, KubeconfigEntry> _clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeconfigEntry> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KubeconfigEntry> _contexts = new(StringComparer.Ordinal);

    private Kubeconfig()
    {
    }

    public List<string> Files { get; } = [];

    public string? CurrentContext { get; private set; }

    public IEnumerable<string> ContextNames => _contexts.Keys.Order(StringComparer.Ordinal);

    /// <summary>Null: none of the files is there.</summary>
    /// <exception cref="KubernetesException">One is there and can't be used.</exception>
    public static Kubeconfig? Read(IEnumerable<string> files)
    {
        var merged = new Kubeconfig();
        foreach (var file in files.Where(static f => f.Length > 0).Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).Where(File.Exists))
        {
            merged.Add(file);
        }

        return merged.Files.Count > 0 ? merged : null;
    }

    public KubeconfigEntry? Cluster(string name) => _clusters.GetValueOrDefault(name);

    public KubeconfigEntry? User(string name) => _users.GetValueOrDefault(name);

    public KubeconfigEntry? Context(string name) => _contexts.GetValueOrDefault(name);

    private void Add(string file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubernetesException(KubernetesFault.Configuration, $"{file}: {e.Message}", e);
        }

        var problems = new List<ConfigProblem>();
        if (!YamlTree.TryRead(text, file, problems, out var root) || root is not ConfigMap map)
        {
            throw new KubernetesException(KubernetesFault.Configuration, problems.Count > 0 ? problems[0].ToString() : $"{file}: is no kubeconfig (a map with clusters, users and contexts is expected).");
        }

        var entry = new KubeconfigEntry(file, map);
        Files.Add(file);
        CurrentContext ??= entry.Text("current-context");
        AddNamed(entry, "clusters", "cluster", _clusters);
        AddNamed(entry, "users", "user", _users);
        AddNamed(entry, "contexts", "context", _contexts);
    }

    // clusters: [{name: dev, cluster: {server: ...}}]
    private static void AddNamed(KubeconfigEntry root, string list, string kind, Dictionary<string, KubeconfigEntry> into)
    {
        foreach (var item in root.Items(list))
        {
            if (item.Text("name") is { } name)
            {
                into.TryAdd(name, item.Map(kind) ?? item.Empty());
            }
        }
    }
}

/// <summary>A map of a kubeconfig, and the file in which it stands: relative paths begin at that file's folder.</summary>
internal sealed class KubeconfigEntry(string file, ConfigMap map)
{
    public string File => file;

    /// <summary>Null: absent or empty.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null or ConfigScalar { IsNull: true } or ConfigScalar { Value: "" } => null,
        ConfigScalar scalar => scalar.Value,
        var node => throw Wrong(node, $"'{key}' must be text"),
    };

    public bool Flag(string key) => Text(key) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Wrong(Find(key)!, $"'{key}' must be true or false"),
    };

    public string? FilePath(string key) => Text(key) is { } path ? Path.GetFullPath(path, Path.GetDirectoryName(file)!) : null;

    /// <summary>KEY-data (base64 of PEM) goes before KEY (a file).</summary>
    public PemSource? Pem(string key)
    {
        if (Text(key + "-data") is not { } data)
        {
            return FilePath(key) is { } path ? new(path, null) : null;
        }

        try
        {
            return new($"{key}-data in {file}", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        }
        catch (FormatException)
        {
            throw Wrong(Find(key + "-data")!, $"'{key}-data' is not base64");
        }
    }

    public KubeconfigEntry? Map(string key) => Find(key) switch
    {
        null or ConfigScalar { IsNull: true } => null,
        ConfigMap found => new(file, found),
        var node => throw Wrong(node, $"'{key}' must be a map"),
    };

    public KubeconfigEntry Empty() => new(file, new([], map.Line, map.Column));

    public IEnumerable<KubeconfigEntry> Items(string key) => List(key).Select(node => node is ConfigMap found ? new KubeconfigEntry(file, found) : throw Wrong(node, $"'{key}' must be a list of maps"));

    public IReadOnlyList<string> Texts(string key) => [.. List(key).Select(node => node is ConfigScalar scalar ? scalar.Value : throw Wrong(node, $"'{key}' must be a list of texts"))];

    public IEnumerable<string> Keys => map.Entries.Select(static e => e.Key.Value);

    public KubernetesException Wrong(string key, string what) => Wrong(Find(key) ?? map, what);

    private IReadOnlyList<ConfigNode> List(string key) => Find(key) switch
    {
        null or ConfigScalar { IsNull: true } => [],
        ConfigList list => list.Items,
        var node => throw Wrong(node, $"'{key}' must be a list"),
    };

    private ConfigNode? Find(string key) => map.Entries.FirstOrDefault(e => e.Key.Value == key)?.Value;

    private KubernetesException Wrong(ConfigNode at, string what) => new(KubernetesFault.Configuration, new ConfigProblem(file, at.Line, at.Column, what).ToString());
}
