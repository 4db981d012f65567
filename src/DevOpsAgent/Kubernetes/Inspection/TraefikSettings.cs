using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>One Traefik's static configuration, as far as it says what it reads and what it will see. Names are as written, lists sorted.</summary>
internal sealed record TraefikSettings
{
    /// <summary>The Deployment, DaemonSet, StatefulSet or Pod; null: none was found or readable, and all below is assumed from Traefik's defaults.</summary>
    public ObjectRef? Workload { get; init; }

    /// <summary>False: the arguments were not read; everything is assumed.</summary>
    public bool Known => Workload is not null && Complete;

    /// <summary>False: its configuration stands in a file or value that could not be read.</summary>
    public bool Complete { get; init; } = true;

    /// <summary>"traefik:v3.7.9".</summary>
    public string Image { get; init; } = "";

    /// <summary>2 or 3; null: the image doesn't tell.</summary>
    public int? Major { get; init; }

    /// <summary>"3.7.9"; empty: the image doesn't tell.</summary>
    public string Version { get; init; } = "";

    public long Replicas { get; init; } = 1;

    /// <summary>The pods are on the node's own network: no NetworkPolicy applies, and the peer is the client.</summary>
    public bool HostNetwork { get; init; }

    /// <summary>The pods' labels, "key=value".</summary>
    public IReadOnlyList<string> PodLabels { get; init; } = [];

    /// <summary>Where the configuration was read: "arguments", "environment", "ConfigMap traefik/config, key traefik.yml".</summary>
    public string ReadFrom { get; init; } = "";

    public IReadOnlyList<EntryPoint> EntryPoints { get; init; } = [];

    public CrdProvider Crd { get; init; } = new();
    public IngressProvider Ingress { get; init; } = new();
    public GatewayProvider Gateway { get; init; } = new();

    /// <summary>The kubernetesIngressNGINX provider is on: nginx's own annotations count.</summary>
    public bool IngressNginx { get; init; }

    public FileProvider File { get; init; } = new();

    /// <summary>Other providers that are on: "consulcatalog", "http".</summary>
    public IReadOnlyList<string> OtherProviders { get; init; } = [];

    public AccessLog AccessLog { get; init; } = new();

    /// <summary>"v2" or "v3": how rules are written where a route doesn't say.</summary>
    public string RuleSyntax { get; init; } = "v3";

    /// <summary>Static names of plugins with their modules: "denyip = github.com/kvncrtr/denyip".</summary>
    public IReadOnlyList<string> Plugins { get; init; } = [];

    /// <summary>Traefik's own API: "on" (behind a router), "insecure" (open on the entry point traefik), "off".</summary>
    public string Api { get; init; } = "off";

    /// <summary>What is odd about the configuration: settings that are ignored, contradict or can't be read.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

internal sealed record EntryPoint
{
    public required string Name { get; init; }

    /// <summary>":8443/tcp", as written.</summary>
    public string Address { get; init; } = "";

    /// <summary>0: not readable.</summary>
    public int Port { get; init; }

    public bool Udp { get; init; }

    /// <summary>http.tls is set: every HTTP router on it is TLS.</summary>
    public bool Tls { get; init; }

    /// <summary>asDefault is set.</summary>
    public bool AsDefault { get; init; }

    /// <summary>Routes that name no entry point are on it.</summary>
    public bool IsDefault { get; init; }

    /// <summary>The entry point of ping, API and metrics.</summary>
    public bool Internal => string.Equals(Name, "traefik", StringComparison.OrdinalIgnoreCase);

    /// <summary>It only redirects to another one; deny routers on it are asked after the redirection.</summary>
    public string? RedirectsTo { get; init; }

    /// <summary>http.middlewares: in front of every HTTP router on it.</summary>
    public IReadOnlyList<string> Middlewares { get; init; } = [];

    /// <summary>Every peer's X-Forwarded-For is believed: any client can claim any address.</summary>
    public bool ForwardedInsecure { get; init; }

    /// <summary>Peers whose X-Forwarded-For is believed.</summary>
    public IReadOnlyList<AddressRange> ForwardedTrusted { get; init; } = [];

    public bool ProxyProtocolInsecure { get; init; }

    public IReadOnlyList<AddressRange> ProxyProtocolTrusted { get; init; } = [];

    public ClientSight Sight { get; init; }

    /// <summary>Why it is that.</summary>
    public string SightReason { get; init; } = "";
}

/// <summary>What a Kubernetes provider of Traefik reads. An object outside of it isn't seen.</summary>
internal record KubernetesProvider
{
    public bool Enabled { get; init; }

    /// <summary>Empty: all.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Empty: all.</summary>
    public string LabelSelector { get; init; } = "";

    /// <summary>Empty: not set.</summary>
    public string IngressClass { get; init; } = "";

    /// <summary>"2s" unless set.</summary>
    public string Throttle { get; init; } = "2s";

    public bool Watches(string? ns) => Namespaces.Count == 0 || (ns is not null && Namespaces.Contains(ns, StringComparer.Ordinal));
}

internal sealed record CrdProvider : KubernetesProvider
{
    public bool AllowCrossNamespace { get; init; }
}

internal sealed record IngressProvider : KubernetesProvider;

internal sealed record GatewayProvider : KubernetesProvider;

/// <param name="Path">The directory or file; empty: the provider is off.</param>
/// <param name="MountedFrom">The ConfigMaps and Secrets that are mounted there.</param>
internal sealed record FileProvider(string Path = "", bool IsDirectory = true, bool Watch = true, IReadOnlyList<ObjectRef>? MountedFrom = null)
{
    public bool Enabled => Path.Length > 0;
}

/// <param name="Format">"common", "json" or "genericCLF".</param>
/// <param name="Path">Empty: standard output.</param>
/// <param name="UserAgent">False: the log has no user agents, so rules about them can't fire.</param>
/// <param name="Internals">addInternals: requests answered by noop@internal are in it.</param>
internal sealed record AccessLog(bool Enabled = false, string Format = "common", string Path = "", bool UserAgent = false, bool Internals = false);
