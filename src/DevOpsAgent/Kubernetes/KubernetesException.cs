namespace DevOpsAgent.Kubernetes;

internal enum KubernetesFault
{
    /// <summary>No configuration of a cluster, or one that can't be used.</summary>
    Configuration,

    /// <summary>No answer: refused, timed out, TLS, 5xx after all tries.</summary>
    Unavailable,

    /// <summary>401: the credentials are not accepted (expired, revoked, wrong cluster).</summary>
    Unauthenticated,

    /// <summary>403: RBAC or an admission plugin says no.</summary>
    Forbidden,

    /// <summary>404 of a namespace or a kind: CRDs are absent.</summary>
    NotFound,

    /// <summary>409: somebody changed the object since, or another field manager owns a field.</summary>
    Conflict,

    /// <summary>422, 400: the object is not valid, or an admission webhook or a quota refuses it.</summary>
    Invalid,
}

/// <summary>A Kubernetes call came to nothing. The message names the context, what was asked, and what to do.</summary>
internal sealed class KubernetesException(KubernetesFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public KubernetesFault Fault => fault;

    /// <summary>0 where no answer came.</summary>
    public int StatusCode { get; init; }

    /// <summary>The API's own reason: "Forbidden", "Conflict", "Expired".</summary>
    public string Reason { get; init; } = "";

    /// <summary>For Forbidden: the rule that is lacking, as YAML of an RBAC rule; null where it can't be told.</summary>
    public string? MissingRule { get; init; }

    /// <summary>For Conflict of an apply: the managers and fields, "kubectl-edit: .spec.routes".</summary>
    public IReadOnlyList<string> Conflicts { get; init; } = [];
}
