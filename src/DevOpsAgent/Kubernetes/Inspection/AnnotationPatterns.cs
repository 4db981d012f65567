namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Annotations of Ingress objects that list addresses: Traefik 1's own, and nginx's, which Traefik reads with one provider only.</summary>
internal static class AnnotationPatterns
{
    private static readonly (string Key, PatternEffect Effect, bool Nginx)[] Known =
    [
        ("traefik.ingress.kubernetes.io/whitelist-source-range", PatternEffect.Allows, false),
        ("ingress.kubernetes.io/whitelist-source-range", PatternEffect.Allows, false),
        ("nginx.ingress.kubernetes.io/whitelist-source-range", PatternEffect.Allows, true),
        ("nginx.ingress.kubernetes.io/allowlist-source-range", PatternEffect.Allows, true),
        ("nginx.ingress.kubernetes.io/denylist-source-range", PatternEffect.Denies, true),
    ];

    public static IEnumerable<BlockingPattern> Of(ClusterObjects objects, IReadOnlyList<EdgeReading> edges)
    {
        foreach (var item in objects.Of("Ingress"))
        {
            var annotations = item.Annotations;
            foreach (var (key, effect, nginx) in Known.Where(k => annotations.ContainsKey(k.Key)))
            {
                var addresses = AddressTexts.Read(annotations[key].Split(',', StringSplitOptions.RemoveEmptyEntries));
                var seen = nginx && edges.Any(static e => e.Settings.IngressNginx);
                yield return new()
                {
                    Kind = PatternKind.IngressAnnotation,
                    Effect = effect,
                    Object = item.Ref,
                    Path = $"metadata.annotations[{key}]",
                    Ranges = addresses.Ranges,
                    Count = addresses.Ranges.Count,
                    Invalid = addresses.Invalid,
                    Status = 403,
                    Protects = seen ? [item.Ref.ToString()] : [],
                    Seen = seen,
                    Ours = item.Ours,
                    Managers = item.Managers,
                    CanDeny = false,
                    CanDenyReason = "an annotation of somebody else's Ingress: objects of others are never edited",
                    Problems = seen ? [] : [nginx ? "it is for ingress-nginx; Traefik reads it only with its provider kubernetesIngressNGINX" : "only Traefik 1 read it; this one ignores it: nothing is protected by it"],
                };
            }
        }
    }
}
