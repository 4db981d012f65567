using System.Text;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>Addresses of objects and collections. Names are escaped: they may come from a cluster that is not trusted.</summary>
internal static class ResourcePath
{
    /// <summary>/apis/traefik.io/v1alpha1/namespaces/shop/middlewares/deny, /api/v1/services?limit=500.</summary>
    /// <param name="query">Pairs whose value is null or empty are left out.</param>
    public static string Of(ResourceType type, string? ns, string? name, params (string Key, string? Value)[] query)
    {
        var path = new StringBuilder(type.Group.Length == 0 ? "/api/" : "/apis/").Append(type.ApiVersion);
        if (type.Namespaced && ns is not null)
        {
            path.Append("/namespaces/").Append(Uri.EscapeDataString(ns));
        }

        path.Append('/').Append(type.Plural);
        if (name is not null)
        {
            path.Append('/').Append(Uri.EscapeDataString(name));
        }

        var mark = '?';
        foreach (var (key, value) in query)
        {
            if (!string.IsNullOrEmpty(value))
            {
                path.Append(mark).Append(key).Append('=').Append(Uri.EscapeDataString(value));
                mark = '&';
            }
        }

        return path.ToString();
    }

    /// <summary>"ingressroutes.traefik.io deny in namespace traefik".</summary>
    public static string Words(ResourceType type, string? ns, string? name) =>
        $"{type.Plural}{(type.Group.Length == 0 ? "" : "." + type.Group)}{(name is null ? "" : " " + name)}{(!type.Namespaced ? "" : ns is null ? " in all namespaces" : " in namespace " + ns)}";
}
