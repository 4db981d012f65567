namespace DevOpsAgent.Configuration;

/// <summary>The guard of processes, <c>guard run</c>. What each process may do stands in the policy, a file of its own.</summary>
internal sealed record RuntimeGuardConfig
{
    /// <summary>The policy. Null: /etc/devops-agent/guard-policy.yaml.</summary>
    public string? Policy { get; init; }

    /// <summary>audit, alert or enforce in place of the policy's own mode. Null: that of the policy.</summary>
    public string? Mode { get; init; }

    /// <summary>auto, or the only backend that may be used: lsm, tracepoint, proc, process.</summary>
    public string Backend { get; init; } = "auto";

    /// <summary>How often backends that poll look.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The Unix socket of <c>guard status</c> and <c>guard mode</c>.</summary>
    public string Socket { get; init; } = "./data/guard.sock";

    /// <summary>Users, besides the guard's own and root, that may ask over the socket. Only root and the guard's own user may change the mode.</summary>
    public IReadOnlyList<int> AllowedUids { get; init; } = [];

    /// <summary>Where rules and programs in the kernel are kept through the guard's end. One guard for each such folder.</summary>
    public string Pins { get; init; } = "/sys/fs/bpf/devops-agent";

    /// <summary>Where the guard keeps what it tells others until they have it, and the receipts of what it did.</summary>
    public string Directory { get; init; } = "./data/guard";

    /// <summary>Loopback address and port of the same calls over HTTP. Null: none. Needs <see cref="Token"/>.</summary>
    public string? Listen { get; init; }

    /// <summary>What a caller over HTTP must show.</summary>
    public Secret? Token { get; init; }

    /// <summary>True: the agent takes what the guard on <see cref="Socket"/> tells over as incidents.</summary>
    public bool Follow { get; init; } = true;

    public GuardAlertsConfig Alerts { get; init; } = new();
}

/// <summary>Where alerts go. Which violations become alerts, and of which kind, stands in the policy.</summary>
internal sealed record GuardAlertsConfig
{
    /// <summary>Bytes of alerts that are kept for those who have not read them yet.</summary>
    public long Keep { get; init; } = 16 << 20;

    /// <summary>log_to_syslog: a Unix socket, or udp://host:port.</summary>
    public string Syslog { get; init; } = "/dev/log";

    /// <summary>send_to_soc_dashboard.</summary>
    public WebhookConfig Dashboard { get; init; } = new();

    /// <summary>notify_architect, by webhook.</summary>
    public WebhookConfig Architect { get; init; } = new();

    /// <summary>notify_architect, by mail.</summary>
    public MailConfig Mail { get; init; } = new();
}

internal sealed record WebhookConfig
{
    /// <summary>Null: nothing is sent.</summary>
    public Uri? Url { get; init; }

    /// <summary>Signs what is sent. Null: it isn't signed.</summary>
    public Secret? Secret { get; init; }
}

internal sealed record MailConfig
{
    /// <summary>Host and port of an SMTP server. Null: no mail.</summary>
    public string? Server { get; init; }

    /// <summary>True: STARTTLS, or nothing is sent.</summary>
    public bool Tls { get; init; } = true;

    public string? User { get; init; }
    public Secret? Password { get; init; }
    public string? From { get; init; }
    public IReadOnlyList<string> To { get; init; } = [];

    /// <summary>At most one mail in this time; what comes meanwhile stands in the next.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMinutes(5);
}
