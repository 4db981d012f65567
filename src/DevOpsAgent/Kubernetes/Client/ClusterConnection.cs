namespace DevOpsAgent.Kubernetes.Client;

/// <summary>Where a cluster is and how one is known to it: a kubeconfig's context, or a pod's service account, resolved.</summary>
internal sealed record ClusterConnection
{
    /// <summary>"context kind-dev (https://127.0.0.1:6443)".</summary>
    public required string Description { get; init; }

    /// <summary>Without a slash at its end; it may have a path, as behind a management server.</summary>
    public required Uri Server { get; init; }

    public required IClusterCredentials Credentials { get; init; }

    /// <summary>The context's or the pod's.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Certificates that sign the server's. Null: those that the system trusts.</summary>
    public PemSource? Authority { get; init; }

    /// <summary>True only where the kubeconfig says so: the server's certificate isn't looked at.</summary>
    public bool Insecure { get; init; }

    /// <summary>The name that the server's certificate must have, and that is sent as SNI. Null: the address's.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>http, https or socks5.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Sent with each call: Impersonate-User and so on.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Impersonation { get; init; } = [];
}

/// <summary>PEM text from a file that may be rewritten, or as it stands in a kubeconfig.</summary>
/// <param name="Name">For errors: the file, or "certificate-authority-data in FILE".</param>
internal sealed record PemSource(string Name, string? Text)
{
    /// <exception cref="KubernetesException">The file can't be read.</exception>
    public string Read()
    {
        if (Text is not null)
        {
            return Text;
        }

        try
        {
            return File.ReadAllText(Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubernetesException(KubernetesFault.Configuration, $"{Name}: {e.Message}", e);
        }
    }

    /// <summary>Changes when the file does; the same value for text.</summary>
    public DateTime Version() => Text is null ? File.GetLastWriteTimeUtc(Name) : default;
}
