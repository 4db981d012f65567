using DevOpsAgent.Addresses;

namespace DevOpsAgent.Configuration;

/// <summary>
/// The configuration as the program uses it: validated, typed, immutable. Key names in YAML are these in snake_case
/// (<c>blocking.max_new_blocks</c>). The values below are the defaults; config/default.yaml shows each with its explanation.
/// </summary>
internal sealed record AgentConfig
{
    public Mode Mode { get; init; } = Mode.Review;
    public IReadOnlyList<LogConfig> Logs { get; init; } = [];
    public LlmConfig Llm { get; init; } = new();
    public ElasticsearchConfig Elasticsearch { get; init; } = new();
    public KubernetesConfig Kubernetes { get; init; } = new();
    public DatabaseConfig Database { get; init; } = new();
    public GuardrailsConfig Guardrails { get; init; } = new();
    public AgentLimitsConfig Agent { get; init; } = new();
    public DetectionConfig Detection { get; init; } = new();
    public BlockingConfig Blocking { get; init; } = new();
    public BehaviourConfig Behaviour { get; init; } = new();
    public GuardsConfig Guards { get; init; } = new();
    public WebConfig Web { get; init; } = new();
    public McpConfig Mcp { get; init; } = new();
    public ExecConfig Exec { get; init; } = new();
    public RuntimeGuardConfig RuntimeGuard { get; init; } = new();
    public AuditConfig Audit { get; init; } = new();

    /// <summary>True: some proxy's word for the client's address is taken.</summary>
    public bool TrustsProxies() => Logs.Any(static l => l.TrustedProxies.Count > 0) || Elasticsearch.TrustedProxies.Count > 0;

    /// <summary>True: detection reads from Elasticsearch.</summary>
    public bool WatchesElasticsearch() => Elasticsearch.IsConfigured() && (Elasticsearch.Watch == "on" || (Elasticsearch.Watch == "auto" && Logs.Count == 0));
}

/// <summary>One access log to follow.</summary>
internal sealed record LogConfig
{
    /// <summary>A file, or "-" for standard input. ${NAME} is replaced. A glob (*) in the last part follows each match.</summary>
    public required string Path { get; init; }

    /// <summary>On first start also read rotated neighbours (access.log.1, access.log.2.gz, ...), oldest first.</summary>
    public bool ReadRotated { get; init; }

    /// <summary>Where a log without checkpoint begins: true = at its start, false = at its end.</summary>
    public bool FromStart { get; init; } = true;

    /// <summary>True: CLF lines of this log count as much as JSON. Any client can forge CLF: only where the log is known clean.</summary>
    public bool TrustClf { get; init; }

    /// <summary>Proxies whose X-Forwarded-For entry is believed: the client is the rightmost hop that isn't one of them.</summary>
    public IReadOnlyList<AddressRange> TrustedProxies { get; init; } = [];
}

internal sealed record KubernetesConfig
{
    /// <summary>The kubeconfig's context; null: the current one.</summary>
    public string? Context { get; init; }

    /// <summary>A kubeconfig. Null: those of KUBECONFIG, else the pod's service account, else ~/.kube/config.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>True: the pod's service account and nothing else.</summary>
    public bool InCluster { get; init; }

    /// <summary>Traefik's namespace, where our objects are written. Null: that of the context or the pod.</summary>
    public string? Namespace { get; init; }

    /// <summary>Calls are made as this user.</summary>
    public string? Impersonate { get; init; }
}

internal sealed record DatabaseConfig
{
    public string Path { get; init; } = "./data/devops-agent.db";

    /// <summary>Closed incidents and ended blocks are kept this long.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(90);
}

internal sealed record DetectionConfig
{
    /// <summary>Files or folders of YAML rules, read after the built-in set; a rule with a known id replaces it.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Ids of rules that are switched off.</summary>
    public IReadOnlyList<string> DisabledRules { get; init; } = [];

    /// <summary>At most so many clients are remembered; beyond it the least suspicious go first.</summary>
    public int MaxClients { get; init; } = 100_000;

    /// <summary>The detector's memory cap, bytes. The lower of the two caps acts.</summary>
    public long MaxMemory { get; init; } = 150L << 20;
}

internal sealed record BlockingConfig
{
    /// <summary>Traefik's watched directory; our file is written there. Null: the agent only says what it would write.</summary>
    public string? Directory { get; init; }

    /// <summary>Our file's name; must end in .yaml or .yml.</summary>
    public string FileName { get; init; } = "devops-agent.yaml";

    /// <summary>Where the temporary file is written before the rename: same file system, not watched. Null: the directory's parent.</summary>
    public string? TempDirectory { get; init; }

    public IReadOnlyList<string> EntryPoints { get; init; } = ["web", "websecure"];

    /// <summary>Traefik's API, as "http://127.0.0.1:8080": confirms that the routers are enabled. Null: not asked.</summary>
    public Uri? TraefikApi { get; init; }

    public TimeSpan Ttl { get; init; } = TimeSpan.FromHours(4);

    /// <summary>A repeat offender's time doubles up to this.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Earlier blocks of this age count as offences.</summary>
    public TimeSpan OffenceWindow { get; init; } = TimeSpan.FromDays(30);

    /// <summary>New blocks by mode auto per <see cref="Interval"/>; beyond it they wait for review.</summary>
    public int MaxNewBlocks { get; init; } = 50;

    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Live blocks in all.</summary>
    public int MaxBlocks { get; init; } = 40_000;

    /// <summary>Largest range that may be denied, as IPv4 and IPv6 prefix lengths.</summary>
    public int MinPrefixIpv4 { get; init; } = 24;

    public int MinPrefixIpv6 { get; init; } = 48;

    /// <summary>Adjacent blocked addresses are merged into a range only if at least this share of it is blocked (1 = only full ranges).</summary>
    public double AggregateShare { get; init; } = 1.0;

    /// <summary>Private, loopback and other non-public addresses that may be blocked all the same.</summary>
    public IReadOnlyList<AddressRange> AllowPrivate { get; init; } = [];

    /// <summary>Our own addresses, never blocked, besides those of this machine's interfaces.</summary>
    public IReadOnlyList<AddressRange> Own { get; init; } = [];

    public KubernetesBlockingConfig Kubernetes { get; init; } = new();

    /// <summary>True: there is a place where denials are written.</summary>
    public bool HasTarget() => Directory is not null || Kubernetes.Way != "off";
}

/// <summary>Denials as objects of a cluster, instead of a file.</summary>
internal sealed record KubernetesBlockingConfig
{
    /// <summary>off, auto, routes, tcp_routes, config_map or network_policy.</summary>
    public string Way { get; init; } = "off";

    /// <summary>Where our objects stand; must be one that Traefik watches. Null: Traefik's own.</summary>
    public string? Namespace { get; init; }

    /// <summary>What our objects' names begin with. Two agents in one namespace need two names.</summary>
    public string Name { get; init; } = "devops-agent-deny";

    /// <summary>HTTP entry points. Empty: those that Traefik has, or <see cref="BlockingConfig.EntryPoints"/> where they can't be seen.</summary>
    public IReadOnlyList<string> EntryPoints { get; init; } = [];

    /// <summary>Plain TCP entry points at which clients are denied too. Empty: none.</summary>
    public IReadOnlyList<string> TcpEntryPoints { get; init; } = [];

    /// <summary>For config_map: "namespace/name/key" of the list that Traefik consumes.</summary>
    public string? ConfigMap { get; init; }

    /// <summary>For network_policy: labels of Traefik's pods, "app=traefik,tier=edge". Null: as found.</summary>
    public string? PodLabels { get; init; }

    /// <summary>More addresses and ranges than this are never written.</summary>
    public int MaxRanges { get; init; } = 40_000;
}

/// <summary>The behavioural profile; docs/behaviour.md has the maths.</summary>
internal sealed record BehaviourConfig
{
    public bool Enabled { get; init; } = true;

    /// <summary>Weight of the newest window in mean and variance: about the last (2 - alpha) / alpha = 9 windows count.</summary>
    public double EmaAlpha { get; init; } = 0.2;

    /// <summary>Standard deviations from the mean beyond which a window is unusual.</summary>
    public double SigmaThreshold { get; init; } = 2;

    /// <summary>Length of a window, s, aligned to the clock.</summary>
    public int WindowSecs { get; init; } = 60;

    /// <summary>Windows that a baseline needs before anything is unusual.</summary>
    public int BaselineMinWindows { get; init; } = 3;

    /// <summary>After so many anomalous windows they are believed to be the new usual.</summary>
    public int RelearnWindows { get; init; } = 30;

    /// <summary>An anomaly is signalled with the calls of so many windows after it.</summary>
    public int SignalWindows { get; init; } = 5;

    /// <summary>A longer gap counts as so many idle windows.</summary>
    public int MaxIdleWindows { get; init; } = 1440;

    /// <summary>Agents remembered; beyond it the least recently seen is forgotten.</summary>
    public int MaxAgents { get; init; } = 1000;

    /// <summary>The share of denials that is taken to happen by chance, 0 to 0.5.</summary>
    public double DenyRateFloor { get; init; } = 0.05;

    /// <summary>Least standard deviation of the entropy, bits per byte.</summary>
    public double EntropyFloor { get; init; } = 0.25;

    /// <summary>Times the slow mean beyond which growth is an anomaly however even it is.</summary>
    public double MaxGrowth { get; init; } = 3;

    /// <summary>Ceilings: above them a window is an anomaly whatever is usual. Calls per window.</summary>
    public int MaxCallRate { get; init; } = 1200;

    /// <summary>Share of denials, in windows of at least 5 calls.</summary>
    public double MaxDenyRate { get; init; } = 0.8;

    public int MaxUniqueTools { get; init; } = 20;

    /// <summary>Bits per byte.</summary>
    public double MaxParameterEntropy { get; init; } = 6.5;
}

/// <summary>What judges every call of a tool.</summary>
internal sealed record GuardsConfig
{
    /// <summary>The longest that one guard may take for one call; after it the call is denied.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(2);

    public RateConfig Rate { get; init; } = new();

    /// <summary>Which signals of advisory guards deny.</summary>
    public IReadOnlyList<PromotionRule> Promote { get; init; } = [];

    /// <summary>Where the keys that sign receipts are kept: a directory that only the agent may read. Null: the folder keys beside the database.</summary>
    public string? Keys { get; init; }

    public string KeysDirectory(DatabaseConfig database) => Keys ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(database.Path))!, "keys");
}

/// <summary>At most so many calls per caller and time.</summary>
internal sealed record RateConfig
{
    public int Calls { get; init; } = 1_000;
    public TimeSpan Per { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>A signal of this guard and of at least this severity denies the call. Written "behaviour high".</summary>
/// <param name="Severity">info, low, medium, high or critical.</param>
internal sealed record PromotionRule(string Guard, string Severity)
{
    public static IReadOnlyList<string> Severities { get; } = ["info", "low", "medium", "high", "critical"];
}

internal sealed record WebConfig
{
    /// <summary>True: serve the page and the API (--serve-spa).</summary>
    public bool Serve { get; init; }

    /// <summary>Address and port. Not loopback: also set <see cref="AllowedHosts"/>.</summary>
    public string Listen { get; init; } = "127.0.0.1:8686";

    /// <summary>Host header values that are answered, besides loopback names with our port: stops DNS rebinding.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];
}

/// <summary>The service that runs commands for others, <c>exec serve</c>. What may be run stands in the ACL, a file of its own.</summary>
internal sealed record ExecConfig
{
    /// <summary>The ACL. Null: the default path, where a missing file switches Exec off.</summary>
    public string? Acl { get; init; }

    /// <summary>The Unix socket for callers on this machine.</summary>
    public string Socket { get; init; } = "./data/exec.sock";

    /// <summary>Octal: 0600 for the own user, 0660 for the own group too.</summary>
    public string SocketMode { get; init; } = "0600";

    /// <summary>Users, besides the service's own and root, and groups that may call over the socket.</summary>
    public IReadOnlyList<int> AllowedUids { get; init; } = [];

    public IReadOnlyList<int> AllowedGids { get; init; } = [];

    /// <summary>Address and port for callers on other machines (HTTPS, both sides by key). Null: none.</summary>
    public string? Listen { get; init; }

    /// <summary>True: <see cref="Listen"/> may be an address that other machines reach.</summary>
    public bool AllowRemote { get; init; }

    /// <summary>Directory of agent.key and machine.key.</summary>
    public string Keys { get; init; } = "./data/keys";

    /// <summary>The list of trusted keys.</summary>
    public string Trust { get; init; } = "./data/trust.json";

    /// <summary>Database of the receipts. Null: receipts.db beside the audit log.</summary>
    public string? Receipts { get; init; }

    /// <summary>A command whose caller doesn't renew within this time is ended.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How far a caller's clock may be off, both ways.</summary>
    public TimeSpan MaxSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Connections at once, of both kinds together.</summary>
    public int MaxConnections { get; init; } = 128;

    /// <summary>True: root may serve. Every command then runs as root.</summary>
    public bool AllowRoot { get; init; }
}

/// <summary>A value that is never printed: ToString gives "***".</summary>
internal sealed record Secret(string Reveal)
{
    public override string ToString() => "***";
}
