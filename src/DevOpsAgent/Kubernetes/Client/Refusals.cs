using System.Globalization;
using System.Text;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>Turns answers that are no success, and calls without any, into errors for people: who, what, why, and what to do.</summary>
internal sealed class Refusals(ClusterConnection connection, Transport transport)
{
    /// <summary>Beyond it a signature's times may be off, and Kubernetes' tokens are signed with times.</summary>
    private static readonly TimeSpan MuchSkew = TimeSpan.FromSeconds(30);

    public KubernetesException Of(RestCall call, RestAnswer answer)
    {
        var status = ServerStatus.Of(answer.Body);
        var said = status?.Message ?? Shorten(answer.Body);
        var (fault, next, rule) = Judge(answer, status);
        return new(fault, $"{connection.Description}: can't {call.Words}: {(said.Length > 0 ? said : "status " + answer.Status.ToString(CultureInfo.InvariantCulture))}.{(next is null ? "" : " " + next)}")
        {
            StatusCode = answer.Status,
            Reason = status?.Reason ?? "",
            MissingRule = rule?.ToYaml(),
            Conflicts = fault == KubernetesFault.Conflict ? Conflicts(status) : [],
        };
    }

    public KubernetesException NoAnswer(RestCall call, Exception? cause, string what) => new(
        KubernetesFault.Unavailable,
        $"{connection.Description}: can't {call.Words}: {(cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } && transport.TlsFault is { } tls ? "the server " + tls : what)}.",
        cause);

    /// <summary>A success whose body is not what it should be.</summary>
    public KubernetesException Garbage(RestCall call, RestAnswer answer) => new(
        KubernetesFault.Unavailable,
        $"{connection.Description}: can't {call.Words}: the answer ({answer.ContentType}) is not JSON of the API, it begins with '{Shorten(answer.Body)}'. Is the address that of an API server, or does a proxy or login page stand between?")
    {
        StatusCode = answer.Status,
    };

    private (KubernetesFault Fault, string? Next, RbacRule? Rule) Judge(RestAnswer answer, ServerStatus? status)
    {
        switch (answer.Status)
        {
            case 401:
                return (KubernetesFault.Unauthenticated, Unauthenticated(), null);
            case 403 when RbacRule.OfMessage(status?.Message, out var user) is { } rule:
                return (KubernetesFault.Forbidden, $"Give {user} this rule {rule.Place}: {rule.ToYaml()}", rule);
            case 403 when IsAdmission(status):
                return (KubernetesFault.Invalid, "An admission rule of the cluster refuses it; ask who runs the cluster.", null);
            case 403:
                return (KubernetesFault.Forbidden, null, null);
            case 404:
                return (KubernetesFault.NotFound, status is null ? "The cluster has no such kind: are Traefik's CRDs of this API group installed?" : null, null);
            case 409:
                return (KubernetesFault.Conflict, null, null);
            case 500 when IsTooLarge(status):
                return (KubernetesFault.Invalid, "The object is larger than etcd takes; split it.", null);
            case >= 400 and < 500 and not (408 or 429):
                return (KubernetesFault.Invalid, null, null);
            case >= 300 and < 400:
                return (KubernetesFault.Unavailable, "It answers with a redirection, which isn't followed: the token would go there. Correct the server's address.", null);
            default:
                return (KubernetesFault.Unavailable, null, null);
        }
    }

    /// <summary>A 500 without reason that no second try changes.</summary>
    public static bool IsTooLarge(ServerStatus? status) => status?.Message?.Contains("request is too large", StringComparison.Ordinal) == true;

    // exceeded quota: count, requested: count/ingressroutes.traefik.io=1, ...
    // admission webhook "deny.example.org" denied the request: no routes here
    private static bool IsAdmission(ServerStatus? status) =>
        status?.Message is { } said && (said.Contains("quota", StringComparison.Ordinal) || said.Contains("admission webhook", StringComparison.Ordinal) || said.Contains("ValidatingAdmissionPolicy", StringComparison.Ordinal));

    private string Unauthenticated()
    {
        var text = "The credentials are not accepted: expired, revoked, or of another cluster. Log in again or renew the token.";
        return transport.ClockSkew.Duration() > MuchSkew
            ? string.Create(CultureInfo.InvariantCulture, $"{text} This machine's clock is {transport.ClockSkew.Duration().TotalSeconds:0} s {(transport.ClockSkew > TimeSpan.Zero ? "behind" : "ahead of")} the server's; set it first.")
            : text;
    }

    // conflict with "kubectl-label" using traefik.io/v1alpha1 | .metadata.labels.x  ->  kubectl-label: .metadata.labels.x
    private static List<string> Conflicts(ServerStatus? status) =>
        [.. (status?.Details?.Causes ?? []).Where(static c => c.Reason == "FieldManagerConflict").Select(static c => $"{(c.Message?.Split('"') is [_, var manager, ..] ? manager : c.Message)}: {c.Field}")];

    private static string Shorten(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, 200)]).ReplaceLineEndings(" ").Trim();
        return text.TrimEnd('.');
    }
}
