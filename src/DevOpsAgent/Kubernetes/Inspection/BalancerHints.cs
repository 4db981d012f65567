namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>What annotations of a Service tell of the cloud's balancer before it. Each hint begins with what it means.</summary>
internal static class BalancerHints
{
    public const string ProxyProtocol = "speaks PROXY protocol";
    public const string Terminates = "ends HTTP";
    public const string Replaces = "replaces the address";

    /// <summary>Part of an annotation's key, the values that count (null: any but "false" and empty), what it means.</summary>
    private static readonly (string Key, string[]? Values, string Means)[] Known =
    [
        ("proxy-protocol", null, ProxyProtocol), // service.beta.kubernetes.io/aws-load-balancer-, do-loadbalancer-enable-, scw-loadbalancer-
        ("proxyprotocol", null, ProxyProtocol), // load-balancer.hetzner.cloud/uses-proxyprotocol
        ("aws-load-balancer-backend-protocol", ["http", "https"], Terminates),
        ("do-loadbalancer-protocol", ["http", "https", "http2", "http3"], Terminates),
        ("load-balancer.hetzner.cloud/protocol", ["http", "https"], Terminates),
        ("oci-load-balancer-backend-protocol", ["http"], Terminates),
        ("aws-load-balancer-target-group-attributes", ["preserve_client_ip.enabled=false"], Replaces),
        ("aws-load-balancer-nlb-target-type", ["ip"], Replaces), // client address preservation is off by default for ip targets
    ];

    public static IReadOnlyList<string> Of(ClusterObject service)
    {
        var hints = new List<string>();
        foreach (var (key, value) in service.Annotations.OrderBy(static a => a.Key, StringComparer.Ordinal))
        {
            foreach (var (part, values, means) in Known)
            {
                if (key.Contains(part, StringComparison.OrdinalIgnoreCase) && Counts(value, values)
                    && !(means == Replaces && service.Annotations.Values.Any(static v => v.Contains("preserve_client_ip.enabled=true", StringComparison.OrdinalIgnoreCase))))
                {
                    hints.Add($"{means}: {ShownText.Of(key, 120)}: {ShownText.Of(value, 80)}");
                    break;
                }
            }
        }

        return hints;
    }

    private static bool Counts(string value, string[]? values) => values is null
        ? value.Length > 0 && !value.Equals("false", StringComparison.OrdinalIgnoreCase)
        : Array.Exists(values, v => value.Split(',', StringSplitOptions.TrimEntries).Contains(v, StringComparer.OrdinalIgnoreCase));
}
