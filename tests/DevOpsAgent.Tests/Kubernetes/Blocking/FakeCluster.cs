using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Blocking;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

/// <summary>
/// An API server in memory as far as blocking needs one: server-side apply with owners of fields (spec by its second level, labels
/// one by one), resource versions, preconditions, label selectors, watches. Every call may be made to fail first.
/// </summary>
internal sealed class FakeCluster : IKubernetesApi
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Channel<ObjectEvent>, (ResourceType Type, string? Ns, Selection Selection)> _watches = [];
    private long _version = 100;

    public List<ResourceType> Served { get; } =
    [
        DenyKinds.Service, DenyKinds.ConfigMap, DenyKinds.NetworkPolicy, DenyKinds.Route("traefik.io"), DenyKinds.RouteTcp("traefik.io"),
        DenyKinds.Middleware("traefik.io"), DenyKinds.MiddlewareTcp("traefik.io"), new("", "v1", "pods", "Pod", true),
    ];

    /// <summary>"PATCH IngressRoute devops-agent-deny", before it is done.</summary>
    public Action<string>? Before { get; set; }

    /// <summary>The same, after it was done but before the caller hears of it.</summary>
    public Action<string>? After { get; set; }

    /// <summary>Fields that this cluster's definitions don't know: dropped without a word.</summary>
    public string? UnknownField { get; set; }

    public ConcurrentQueue<string> Calls { get; } = [];

    public IEnumerable<string> Writes => Calls.Where(static c => !c.StartsWith("GET", StringComparison.Ordinal) && !c.StartsWith("LIST", StringComparison.Ordinal));

    public int Watches => _watches.Count;

    public string Description => "context fake (https://127.0.0.1:6443)";

    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate)
            {
                return [.. _objects.Keys];
            }
        }
    }

    public JsonObject? this[string key]
    {
        get
        {
            lock (_gate)
            {
                return _objects.GetValueOrDefault(key);
            }
        }
    }

    public static KubernetesException Forbidden(string what) =>
        new(KubernetesFault.Forbidden, $"{what} is forbidden") { StatusCode = 403, Reason = "Forbidden", MissingRule = "apiGroups: [traefik.io]\nresources: [ingressroutes]\nverbs: [patch]" };

    /// <summary>Somebody else writes: the fields become his.</summary>
    public void Put(string manager, string json)
    {
        var item = (JsonObject)JsonNode.Parse(json)!;
        var type = Served.First(t => t.Kind == (string?)item["kind"] && t.ApiVersion == (string?)item["apiVersion"]);
        lock (_gate)
        {
            var key = Key(type, (string?)item["metadata"]!["namespace"], (string)item["metadata"]!["name"]!);
            var existing = _objects.GetValueOrDefault(key);
            item["metadata"]!["managedFields"] = existing?["metadata"]?["managedFields"]?.DeepClone() ?? new JsonArray();
            item["metadata"]!["uid"] = (string?)existing?["metadata"]?["uid"];
            Own(item, manager, "Update", [.. Fields(item).Where(f => existing is null || !JsonNode.DeepEquals(ValueOf(existing, f), ValueOf(item, f)))]);
            Save(type, key, item, existing is null ? ObjectChange.Added : ObjectChange.Modified);
        }
    }

    /// <summary>Somebody edits one object in place.</summary>
    public void Edit(string manager, string key, Action<JsonObject> edit)
    {
        var copy = (JsonObject)this[key]!.DeepClone();
        edit(copy);
        Put(manager, copy.ToJsonString());
    }

    public void Remove(string key)
    {
        lock (_gate)
        {
            var item = _objects[key];
            _objects.Remove(key);
            Tell(Served.First(t => t.Kind == (string?)item["kind"]), ObjectChange.Deleted, item);
        }
    }

    public Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ResourceType>>([.. Served]);

    public Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken) =>
        Call($"GET {type.Kind} {name}", () => _objects.GetValueOrDefault(Key(type, ns, name))?.DeepClone() as JsonObject);

    public Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken) =>
        Call($"LIST {type.Kind}", () => Served.Contains(type)
            ? new ObjectList([.. _objects.Where(o => Matches(o.Value, type, ns, selection)).Select(static o => (JsonObject)o.Value.DeepClone())], $"{_version}")
            : throw new KubernetesException(KubernetesFault.NotFound, $"{type.Plural}.{type.Group} is not served here") { StatusCode = 404 });

    public async IAsyncEnumerable<ObjectEvent> WatchAsync(ResourceType type, string? ns, Selection selection, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<ObjectEvent>();
        _watches[channel] = (type, ns, selection);
        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            _watches.TryRemove(channel, out _);
        }
    }

    public Task<JsonObject> ApplyAsync(ResourceType type, JsonObject wanted, ApplyOptions options, CancellationToken cancellationToken)
    {
        var (ns, name) = ((string)wanted["metadata"]!["namespace"]!, (string)wanted["metadata"]!["name"]!);
        return Call($"PATCH {type.Kind} {name}", () => Apply(type, Key(type, ns, name), (JsonObject)wanted.DeepClone(), options));
    }

    public Task<JsonObject> ReplaceAsync(ResourceType type, JsonObject changed, bool dryRun, CancellationToken cancellationToken)
    {
        var (ns, name) = ((string)changed["metadata"]!["namespace"]!, (string)changed["metadata"]!["name"]!);
        return Call($"PUT {type.Kind} {name}", () =>
        {
            var key = Key(type, ns, name);
            if (!_objects.TryGetValue(key, out var existing) || (string?)existing["metadata"]!["resourceVersion"] != (string?)changed["metadata"]!["resourceVersion"])
            {
                throw new KubernetesException(KubernetesFault.Conflict, $"{name}: the object has been modified") { StatusCode = 409 };
            }

            return Save(type, key, (JsonObject)changed.DeepClone(), ObjectChange.Modified);
        });
    }

    public Task<bool> DeleteAsync(ResourceType type, string? ns, string name, DeleteConditions conditions, CancellationToken cancellationToken) =>
        Call($"DELETE {type.Kind} {name}", () =>
        {
            var key = Key(type, ns, name);
            if (!_objects.TryGetValue(key, out var existing))
            {
                return false;
            }

            if (conditions.Uid is { } uid && uid != (string?)existing["metadata"]!["uid"])
            {
                throw new KubernetesException(KubernetesFault.Conflict, $"{name}: another uid") { StatusCode = 409 };
            }

            _objects.Remove(key);
            Tell(type, ObjectChange.Deleted, existing);
            return true;
        });

    public Task<bool> MayAsync(string verb, ResourceType type, string? ns, string? name, CancellationToken cancellationToken) => Task.FromResult(true);

    private static string Key(ResourceType type, string? ns, string name) => $"{type.Kind}{(type.Group == DenyKinds.EarlierGroup ? "." + type.Group : "")} {ns}/{name}";

    private static bool Matches(JsonObject item, ResourceType type, string? ns, Selection selection) =>
        (string?)item["kind"] == type.Kind && (string?)item["apiVersion"] == type.ApiVersion && (ns is null || ns == (string?)item["metadata"]!["namespace"])
        && (selection.Labels ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).All(l => (string?)item["metadata"]!["labels"]?[l.Split('=')[0]] == l.Split('=')[1]);

    private static IEnumerable<string> Fields(JsonObject item) =>
    [
        .. (item["metadata"]!["labels"] as JsonObject ?? []).Select(static l => "metadata.labels." + l.Key),
        .. (item["spec"] as JsonObject ?? []).Select(static s => "spec." + s.Key),
        .. (item["data"] as JsonObject ?? []).Select(static s => "data." + s.Key),
    ];

    private static JsonNode? ValueOf(JsonObject item, string field) => field.StartsWith("metadata.labels.", StringComparison.Ordinal)
        ? item["metadata"]!["labels"]?[field["metadata.labels.".Length..]]
        : item[field.Split('.', 2)[0]]?[field.Split('.', 2)[1]];

    private static void Own(JsonObject item, string manager, string operation, IReadOnlyList<string> fields)
    {
        var entries = (JsonArray)item["metadata"]!["managedFields"]!;
        var mine = new JsonObject();
        foreach (var field in fields)
        {
            var path = field.StartsWith("metadata.labels.", StringComparison.Ordinal) ? ["metadata", "labels", field["metadata.labels.".Length..]] : field.Split('.', 2);
            var at = mine;
            foreach (var part in path)
            {
                at = (JsonObject)(at["f:" + part] ??= new JsonObject());
            }
        }

        foreach (var entry in entries.OfType<JsonObject>().ToArray())
        {
            if ((string?)entry["manager"] == manager && (string?)entry["operation"] == operation)
            {
                entries.Remove(entry);
            }
            else
            {
                foreach (var field in fields.Where(static f => !f.StartsWith("metadata", StringComparison.Ordinal)))
                {
                    (entry["fieldsV1"]!["f:" + field.Split('.', 2)[0]] as JsonObject)?.Remove("f:" + field.Split('.', 2)[1]);
                }
            }
        }

        entries.Add((JsonNode)new JsonObject { ["manager"] = manager, ["operation"] = operation, ["time"] = "2026-11-21T07:52:37Z", ["fieldsV1"] = mine });
    }

    private JsonObject Apply(ResourceType type, string key, JsonObject wanted, ApplyOptions options)
    {
        if (!Served.Contains(type))
        {
            throw new KubernetesException(KubernetesFault.NotFound, $"{type.Plural}.{type.Group} is not served here") { StatusCode = 404 };
        }

        if (UnknownField is { } unknown && wanted["spec"]?["routes"] is JsonArray routes)
        {
            routes.ToList().ForEach(r => (r!["services"]![0] as JsonObject)!.Remove(unknown));
        }

        var existing = _objects.GetValueOrDefault(key);
        var fields = Fields(wanted).ToArray();
        var conflicts = existing is null || options.Force ? [] : fields.Where(f => !JsonNode.DeepEquals(ValueOf(existing, f), ValueOf(wanted, f)) && Owner(existing, f, options.Manager) is not null).ToArray();
        if (conflicts.Length > 0)
        {
            throw new KubernetesException(KubernetesFault.Conflict, $"conflict with \"{Owner(existing!, conflicts[0], options.Manager)}\": .{conflicts[0]}") { StatusCode = 409 };
        }

        var after = (JsonObject?)existing?.DeepClone() ?? new JsonObject { ["apiVersion"] = wanted["apiVersion"]!.DeepClone(), ["kind"] = wanted["kind"]!.DeepClone(), ["metadata"] = wanted["metadata"]!.DeepClone() };
        after["metadata"]!["managedFields"] ??= new JsonArray();
        after["metadata"]!["labels"] ??= new JsonObject();
        after["spec"] ??= new JsonObject();
        foreach (var dropped in MineOf(after, options.Manager).Except(fields, StringComparer.Ordinal).Where(static f => f.StartsWith("spec.", StringComparison.Ordinal)))
        {
            ((JsonObject)after["spec"]!).Remove(dropped[5..]);
        }

        foreach (var field in fields)
        {
            var at = field.StartsWith("metadata.labels.", StringComparison.Ordinal) ? (JsonObject)after["metadata"]!["labels"]! : (JsonObject)after["spec"]!;
            at[field.StartsWith("metadata", StringComparison.Ordinal) ? field["metadata.labels.".Length..] : field[5..]] = ValueOf(wanted, field)?.DeepClone();
        }

        Own(after, options.Manager, "Apply", fields);
        if (type.Kind == "Service")
        {
            after["spec"]!["clusterIP"] = "10.0.0.7";
        }

        return existing is not null && JsonNode.DeepEquals(existing["spec"], after["spec"]) && JsonNode.DeepEquals(existing["metadata"]!["labels"], after["metadata"]!["labels"])
            ? (JsonObject)existing.DeepClone()
            : Save(type, key, after, existing is null ? ObjectChange.Added : ObjectChange.Modified);
    }

    private static string? Owner(JsonObject item, string field, string but) =>
        ((JsonArray)item["metadata"]!["managedFields"]!).OfType<JsonObject>().Where(e => (string?)e["manager"] != but && Has(e, field)).Select(static e => (string?)e["manager"]).FirstOrDefault();

    private static IEnumerable<string> MineOf(JsonObject item, string manager) =>
        ((JsonArray)item["metadata"]!["managedFields"]!).OfType<JsonObject>().Where(e => (string?)e["manager"] == manager)
        .SelectMany(static e => (e["fieldsV1"]?["f:spec"] as JsonObject ?? []).Select(static f => "spec." + f.Key[2..])).ToArray();

    private static bool Has(JsonObject entry, string field) => field.StartsWith("metadata.labels.", StringComparison.Ordinal)
        ? entry["fieldsV1"]?["f:metadata"]?["f:labels"]?["f:" + field["metadata.labels.".Length..]] is not null
        : entry["fieldsV1"]?["f:" + field.Split('.', 2)[0]]?["f:" + field.Split('.', 2)[1]] is not null;

    private JsonObject Save(ResourceType type, string key, JsonObject item, ObjectChange change)
    {
        item["metadata"]!["resourceVersion"] = $"{++_version}";
        item["metadata"]!["uid"] ??= $"uid-{_version}";
        _objects[key] = item;
        Tell(type, change, item);
        return (JsonObject)item.DeepClone();
    }

    private void Tell(ResourceType type, ObjectChange change, JsonObject item)
    {
        foreach (var (channel, watched) in _watches)
        {
            if (watched.Type == type && Matches(item, type, watched.Ns, watched.Selection))
            {
                channel.Writer.TryWrite(new(change, (JsonObject)item.DeepClone(), (string)item["metadata"]!["resourceVersion"]!));
            }
        }
    }

    private Task<T> Call<T>(string call, Func<T> work)
    {
        Calls.Enqueue(call);
        try
        {
            T result;
            Before?.Invoke(call);
            lock (_gate)
            {
                result = work();
            }

            After?.Invoke(call);
            return Task.FromResult(result);
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }
}
