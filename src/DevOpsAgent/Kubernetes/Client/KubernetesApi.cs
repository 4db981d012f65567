using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>The calls over REST.</summary>
internal sealed class KubernetesApi : IKubernetesApi, IDisposable
{
    private const string ApplyType = "application/apply-patch+yaml"; // JSON is YAML

    private readonly ClusterConnection _connection;
    private readonly Rest _rest;
    private readonly Discovery _discovery;
    private readonly ListPages _pages;
    private readonly WatchStream _watches;

    public KubernetesApi(ClusterConnection connection, TimeProvider time, Patience? patience = null)
    {
        _connection = connection;
        patience ??= new();
        _rest = new(connection, patience, time);
        _discovery = new(_rest, time);
        _pages = new(_rest);
        _watches = new(_rest, patience, time);
    }

    public string Description => _connection.Description;

    /// <summary>That of the context or pod, or as configured.</summary>
    public string Namespace => _connection.Namespace;

    /// <summary>The server's clock less ours, as last seen.</summary>
    public TimeSpan ClockSkew => _rest.ClockSkew;

    /// <summary>The cluster of the configuration. Nothing is sent yet.</summary>
    /// <exception cref="KubernetesException">None is configured, or what is can't be used.</exception>
    public static KubernetesApi Connect(KubernetesConfig config, TimeProvider time) => new(ConnectionReader.Read(config, ClusterEnvironment.OfProcess(), time), time);

    public void Dispose()
    {
        _rest.Dispose();
        _discovery.Dispose();
        _connection.Credentials.Dispose();
    }

    public Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken) => _discovery.GetAsync(cancellationToken);

    /// <summary>"v1.20.2".</summary>
    public async Task<string> VersionAsync(CancellationToken cancellationToken)
    {
        var call = new RestCall(HttpMethod.Get, "/version", "ask for its version");
        return (string?)Read(call, await _rest.SendAsync(call, cancellationToken))["gitVersion"] ?? "of unknown version";
    }

    /// <summary>The user's name as the server sees it; null: the server has no such question (before Kubernetes 1.28).</summary>
    public async Task<string?> WhoAmIAsync(CancellationToken cancellationToken)
    {
        var call = new RestCall(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", "ask who we are")
        {
            Body = JsonBytes.Of(new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "SelfSubjectReview" }),
        };
        var answer = await _rest.AskAsync(call, cancellationToken);
        return answer.IsSuccess ? (string?)Read(call, answer)["status"]?["userInfo"]?["username"]
            : RbacRule.OfMessage(ServerStatus.Of(answer.Body)?.Message, out var user) is null ? null : user;
    }

    public async Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken)
    {
        var call = new RestCall(HttpMethod.Get, ResourcePath.Of(type, ns, name), "get " + ResourcePath.Words(type, ns, name));
        var answer = await _rest.AskAsync(call, cancellationToken);
        return answer.Status == 404 && IsObject(answer) ? null : Read(call, Success(call, answer));
    }

    public Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken) => Known(_pages.ReadAsync(type, ns, selection, cancellationToken));

    public IAsyncEnumerable<ObjectEvent> WatchAsync(ResourceType type, string? ns, Selection selection, string resourceVersion, CancellationToken cancellationToken) =>
        _watches.ReadAsync(type, ns, selection, resourceVersion, cancellationToken);

    public async Task<JsonObject> ApplyAsync(ResourceType type, JsonObject wanted, ApplyOptions options, CancellationToken cancellationToken)
    {
        var (ns, name) = Place(type, wanted);
        var call = new RestCall(HttpMethod.Patch, ResourcePath.Of(type, ns, name, ("fieldManager", options.Manager), ("force", options.Force ? "true" : null), ("dryRun", options.DryRun ? "All" : null)), "apply " + ResourcePath.Words(type, ns, name))
        {
            Body = JsonBytes.Of(wanted),
            ContentType = ApplyType,
        };
        return Read(call, Success(call, await _rest.AskAsync(call, cancellationToken)));
    }

    public async Task<JsonObject> ReplaceAsync(ResourceType type, JsonObject changed, bool dryRun, CancellationToken cancellationToken)
    {
        var (ns, name) = Place(type, changed);
        var call = new RestCall(HttpMethod.Put, ResourcePath.Of(type, ns, name, ("fieldManager", "devops-agent"), ("dryRun", dryRun ? "All" : null)), "replace " + ResourcePath.Words(type, ns, name))
        {
            Body = JsonBytes.Of(changed),
            Repeatable = false, // the second would conflict with the first
        };
        return Read(call, Success(call, await _rest.AskAsync(call, cancellationToken)));
    }

    public async Task<bool> DeleteAsync(ResourceType type, string? ns, string name, DeleteConditions conditions, CancellationToken cancellationToken)
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions" };
        if (conditions.Uid is not null || conditions.ResourceVersion is not null)
        {
            var preconditions = new JsonObject();
            options["preconditions"] = preconditions;
            Set(preconditions, "uid", conditions.Uid);
            Set(preconditions, "resourceVersion", conditions.ResourceVersion);
        }

        var call = new RestCall(HttpMethod.Delete, ResourcePath.Of(type, ns, name, ("dryRun", conditions.DryRun ? "All" : null)), "delete " + ResourcePath.Words(type, ns, name)) { Body = JsonBytes.Of(options) };
        var answer = await _rest.AskAsync(call, cancellationToken);
        if (answer.Status == 404 && IsObject(answer))
        {
            return answer.Tries > 1; // gone by an earlier try whose answer was lost
        }

        Success(call, answer);
        return true;
    }

    public async Task<bool> MayAsync(string verb, ResourceType type, string? ns, string? name, CancellationToken cancellationToken)
    {
        var attributes = new JsonObject { ["verb"] = verb, ["group"] = type.Group, ["resource"] = type.Plural };
        Set(attributes, "namespace", type.Namespaced ? ns : null);
        Set(attributes, "name", name);
        var call = new RestCall(HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", $"ask whether we may {verb} {type.Plural}")
        {
            Body = JsonBytes.Of(new JsonObject { ["apiVersion"] = "authorization.k8s.io/v1", ["kind"] = "SelfSubjectAccessReview", ["spec"] = new JsonObject { ["resourceAttributes"] = attributes } }),
        };
        return (bool?)Read(call, await _rest.SendAsync(call, cancellationToken))["status"]?["allowed"] == true;
    }

    /// <summary>404 of an object that isn't there. That of a kind is plain text, and its details name no object.</summary>
    private static bool IsObject(RestAnswer answer) => ServerStatus.Of(answer.Body) is { Reason: "NotFound", Details.Name.Length: > 0 };

    private RestAnswer Success(RestCall call, RestAnswer answer)
    {
        if (answer.IsSuccess)
        {
            return answer;
        }

        if (answer.Status == 404)
        {
            _discovery.Forget();
        }

        throw _rest.Refusals.Of(call, answer);
    }

    private async Task<ObjectList> Known(Task<ObjectList> list)
    {
        try
        {
            return await list;
        }
        catch (KubernetesException e) when (e.Fault == KubernetesFault.NotFound)
        {
            _discovery.Forget();
            throw;
        }
    }

    private JsonObject Read(RestCall call, RestAnswer answer)
    {
        try
        {
            return JsonNode.Parse(answer.Body, documentOptions: JsonBytes.Strict) as JsonObject ?? throw _rest.Refusals.Garbage(call, answer);
        }
        catch (JsonException)
        {
            throw _rest.Refusals.Garbage(call, answer);
        }
    }

    private static (string? Namespace, string Name) Place(ResourceType type, JsonObject value)
    {
        var metadata = value["metadata"] as JsonObject ?? [];
        var name = (string?)metadata["name"] ?? throw new ArgumentException("The object has no metadata.name.", nameof(value));
        return (type.Namespaced ? (string?)metadata["namespace"] ?? throw new ArgumentException($"{name} has no metadata.namespace.", nameof(value)) : null, name);
    }

    private static void Set(JsonObject to, string key, string? value)
    {
        if (value is not null)
        {
            to[key] = value;
        }
    }
}
