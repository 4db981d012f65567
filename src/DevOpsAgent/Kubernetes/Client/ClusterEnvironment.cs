namespace DevOpsAgent.Kubernetes.Client;

/// <summary>What the machine says about clusters: variables and places of files.</summary>
internal sealed record ClusterEnvironment
{
    /// <summary>KUBECONFIG: files separated by colons.</summary>
    public string? KubeconfigList { get; init; }

    public string Home { get; init; } = "";

    /// <summary>KUBERNETES_SERVICE_HOST and _PORT: set in every pod.</summary>
    public string? ServiceHost { get; init; }

    public string? ServicePort { get; init; }

    /// <summary>Where the kubelet puts token, ca.crt and namespace.</summary>
    public string ServiceAccountFolder { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    public string TokenFile => Path.Combine(ServiceAccountFolder, "token");

    public bool IsPod => ServiceHost is { Length: > 0 } && ServicePort is { Length: > 0 } && File.Exists(TokenFile);

    public static ClusterEnvironment OfProcess() => new()
    {
        KubeconfigList = Environment.GetEnvironmentVariable("KUBECONFIG"),
        Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        ServiceHost = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"),
        ServicePort = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"),
    };
}
