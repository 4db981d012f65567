using System.Text.Json;
using System.Text.Json.Serialization;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>
/// What the server offers. Two requests where it has aggregated discovery (Kubernetes 1.26 and newer), else one for each group and
/// version. A group whose own server is down is left out: it must not hide the others.
/// </summary>
internal sealed class Discovery(Rest rest, TimeProvider time) : IDisposable
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _asking = new(1, 1);
    private IReadOnlyList<ResourceType>? _known;
    private long _since;

    public async Task<IReadOnlyList<ResourceType>> GetAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (_known is null || time.GetElapsedTime(_since) >= Age)
            {
                var found = new List<ResourceType>();
                found.AddRange(await UnderAsync("/api", cancellationToken));
                found.AddRange(await UnderAsync("/apis", cancellationToken));
                _known = found;
                _since = time.GetTimestamp();
            }

            return _known;
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose() => _asking.Dispose();

    /// <summary>A kind was not there, or suddenly is: the next asking looks anew.</summary>
    public void Forget() => _known = null;

    private async Task<List<ResourceType>> UnderAsync(string root, CancellationToken cancellationToken)
    {
        var call = new RestCall(HttpMethod.Get, root, "ask what the cluster offers") { Accept = Aggregated };
        var answer = await rest.SendAsync(call, cancellationToken);
        if (answer.ContentType.Contains("as=APIGroupDiscoveryList", StringComparison.OrdinalIgnoreCase))
        {
            return [.. OfAggregated(Read(call, answer, DiscoveryJson.Default.GroupDiscoveryList))];
        }

        var versions = root == "/api"
            ? (Read(call, answer, DiscoveryJson.Default.VersionList).Versions ?? []).Select(static v => ("", v))
            : (Read(call, answer, DiscoveryJson.Default.GroupList).Groups ?? []).SelectMany(static g => (g.Versions ?? []).Select(v => (g.Name ?? "", v.Version ?? "")));
        var lists = await Task.WhenAll(versions.Select(v => OfGroupAsync(v.Item1, v.Item2, cancellationToken)));
        return [.. lists.SelectMany(static l => l)];
    }

    private async Task<IEnumerable<ResourceType>> OfGroupAsync(string group, string version, CancellationToken cancellationToken)
    {
        var call = new RestCall(HttpMethod.Get, group.Length == 0 ? $"/api/{version}" : $"/apis/{group}/{version}", $"ask what group {group} offers");
        var answer = await rest.AskAsync(call, cancellationToken);
        return !answer.IsSuccess ? [] : (Read(call, answer, DiscoveryJson.Default.ResourceList).Resources ?? [])
            .Where(static r => r.Name is not null && r.Kind is not null && !r.Name.Contains('/', StringComparison.Ordinal)) // "pods/log" is a part of pods
            .Select(r => new ResourceType(group, version, r.Name!, r.Kind!, r.Namespaced));
    }

    private static IEnumerable<ResourceType> OfAggregated(GroupDiscoveryList list) =>
        from item in list.Items ?? []
        from version in item.Versions ?? []
        from resource in version.Resources ?? []
        where resource.Resource is not null && resource.ResponseKind?.Kind is not null
        select new ResourceType(item.Metadata?.Name ?? "", version.Version ?? "", resource.Resource!, resource.ResponseKind!.Kind!, resource.Scope == "Namespaced");

    private T Read<T>(RestCall call, RestAnswer answer, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(answer.Body, type) ?? throw rest.Refusals.Garbage(call, answer);
        }
        catch (JsonException)
        {
            throw rest.Refusals.Garbage(call, answer);
        }
    }
}

internal sealed record VersionList
{
    public IReadOnlyList<string>? Versions { get; init; }
}

internal sealed record GroupList
{
    public IReadOnlyList<ApiGroup>? Groups { get; init; }
}

internal sealed record ApiGroup
{
    public string? Name { get; init; }
    public IReadOnlyList<ApiGroupVersion>? Versions { get; init; }
}

internal sealed record ApiGroupVersion
{
    public string? Version { get; init; }
}

internal sealed record ResourceList
{
    public IReadOnlyList<ApiResource>? Resources { get; init; }
}

internal sealed record ApiResource
{
    public string? Name { get; init; }
    public string? Kind { get; init; }
    public bool Namespaced { get; init; }
}

internal sealed record GroupDiscoveryList
{
    public IReadOnlyList<GroupDiscovery>? Items { get; init; }
}

internal sealed record GroupDiscovery
{
    public GroupMetadata? Metadata { get; init; }
    public IReadOnlyList<VersionDiscovery>? Versions { get; init; }
}

internal sealed record GroupMetadata
{
    public string? Name { get; init; }
}

internal sealed record VersionDiscovery
{
    public string? Version { get; init; }
    public IReadOnlyList<ResourceDiscovery>? Resources { get; init; }
}

internal sealed record ResourceDiscovery
{
    public string? Resource { get; init; }
    public string? Scope { get; init; }
    public DiscoveredKind? ResponseKind { get; init; }
}

internal sealed record DiscoveredKind
{
    public string? Kind { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(VersionList))]
[JsonSerializable(typeof(GroupList))]
[JsonSerializable(typeof(ResourceList))]
[JsonSerializable(typeof(GroupDiscoveryList))]
internal sealed partial class DiscoveryJson : JsonSerializerContext;
