using System.Security.Cryptography.X509Certificates;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>Who the agent is to the server. Asked before each call, so it keeps what it has while that is good.</summary>
internal interface IClusterCredentials : IDisposable
{
    /// <exception cref="KubernetesException">They can't be had: a file is missing, a plugin failed.</exception>
    ValueTask<Credential> GetAsync(CancellationToken cancellationToken);

    /// <summary>The server did not accept it. False: asking again would give the same.</summary>
    bool Refuse(Credential credential);
}

/// <param name="Authorization">The header's value, as "Bearer ey..."; never printed.</param>
/// <param name="Certificate">For TLS. A new object where it changed.</param>
internal sealed record Credential(string? Authorization, X509Certificate2? Certificate)
{
    public override string ToString() => "credential";
}
