using System.Text.RegularExpressions;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>Where an object in YAML is created, by its apiVersion, kind and namespace.</summary>
internal static class ObjectPath
{
    /// <summary>"apiVersion: traefik.io/v1alpha1, kind: Middleware, namespace: shop" gives /apis/traefik.io/v1alpha1/namespaces/shop/middlewares.</summary>
    public static string OfCollection(string document)
    {
        var version = Value(document, "^apiVersion:");
        var kind = Value(document, "^kind:")!.ToLowerInvariant();
        var plural = kind switch
        {
            "endpoints" => kind,
            _ when kind.EndsWith('s') => kind + "es",
            _ when kind.EndsWith('y') && !kind.EndsWith("ay", StringComparison.Ordinal) => kind[..^1] + "ies",
            _ => kind + "s",
        };
        var ns = Value(document, @"^metadata:.*\bnamespace:") ?? Value(document, "^  namespace:");
        return $"{(version!.Contains('/', StringComparison.Ordinal) ? "/apis/" : "/api/")}{version}/{(ns is null ? "" : $"namespaces/{ns}/")}{plural}";
    }

    private static string? Value(string document, string key) =>
        Regex.Match(document, key + @"\s*([^\s,}#]+)", RegexOptions.Multiline | RegexOptions.NonBacktracking) is { Success: true } match ? match.Groups[1].Value.Trim('"') : null;
}
