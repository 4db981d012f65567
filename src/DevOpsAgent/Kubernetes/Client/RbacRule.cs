using System.Text.RegularExpressions;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>A right as RBAC writes it.</summary>
/// <param name="Namespace">Null: at the cluster scope, so it needs a ClusterRole.</param>
internal sealed record RbacRule(string Verb, string Group, string Resource, string? Namespace)
{
    private static readonly Regex Refusal = new(
        """User "(?<user>[^"]*)" cannot (?<verb>[a-z]+) resource "(?<resource>[^"]+)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<ns>[^"]+)")?""",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);

    /// <summary>One line of YAML for the rules of a Role or ClusterRole: "- {apiGroups: [traefik.io], resources: [ingressroutes], verbs: [patch]}".</summary>
    public string ToYaml() => ToYaml(Group, [Resource], [Verb]);

    public static string ToYaml(string group, IEnumerable<string> resources, IEnumerable<string> verbs) =>
        $"- {{apiGroups: [{(group.Length == 0 ? "\"\"" : group)}], resources: [{string.Join(", ", resources)}], verbs: [{string.Join(", ", verbs)}]}}";

    /// <summary>"of a Role in namespace traefik" or "of a ClusterRole".</summary>
    public string Place => Namespace is { } ns ? $"of a Role in namespace {ns}" : "of a ClusterRole";

    /// <summary>
    /// ingressroutes.traefik.io "x" is forbidden: User "system:serviceaccount:traefik:bystander" cannot patch resource "ingressroutes" in
    /// API group "traefik.io" in the namespace "traefik"
    /// </summary>
    public static RbacRule? OfMessage(string? message, out string user)
    {
        var match = message is null ? Match.Empty : Refusal.Match(message);
        user = match.Groups["user"].Value;
        return match.Success ? new(match.Groups["verb"].Value, match.Groups["group"].Value, match.Groups["resource"].Value, match.Groups["ns"] is { Success: true } ns ? ns.Value : null) : null;
    }
}
