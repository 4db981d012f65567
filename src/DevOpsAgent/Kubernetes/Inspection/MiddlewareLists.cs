namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>The lists in the middlewares that a route goes through.</summary>
internal sealed class MiddlewareLists(ClusterObjects objects, DynamicFiles files)
{
    public IReadOnlyList<ListDefinition> Of(AppliedMiddleware applied, bool tcp)
    {
        if (applied.Name.EndsWith("@file", StringComparison.Ordinal))
        {
            return files.TryMiddleware(applied.Name[..^"@file".Length], tcp, out _, out var definition) ? Read(definition, applied.Name, tcp) : [];
        }

        var item = applied.Object is { } wanted ? objects.Of(wanted.Kind).FirstOrDefault(o => o.Ref == wanted) : null;
        return item is null ? [] : Read(item.Spec, item.Ref.Name, tcp);
    }

    /// <summary>The rule asks for addresses, and whoever has one gets nothing but a refusal.</summary>
    public bool Refuses(RouteFacts route) =>
        route.Rule.AboutAddresses && !route.Rule.Negated
        && (route.Route.Services.Any(static s => s.Contains("noop@internal", StringComparison.Ordinal)) || route.Route.Middlewares.Any(m => Of(m, route.Route.Tcp).Any(static l => l.DeniesAll)));

    /// <summary>The status of the refusal: 418 is that of noop@internal.</summary>
    public int StatusOf(RouteFacts route) =>
        route.Route.Middlewares.SelectMany(m => Of(m, route.Route.Tcp)).FirstOrDefault(static l => l.DeniesAll)?.Status ?? (route.Route.Tcp ? 0 : 418);

    private static IReadOnlyList<ListDefinition> Read(System.Text.Json.Nodes.JsonNode? definition, string name, bool tcp) =>
        tcp ? ListDefinition.ReadTcp(definition) : ListDefinition.ReadHttp(definition, name);
}
