namespace DevOpsAgent.Configuration;

/// <summary>The guard of processes, <c>guard run</c>. What each process may do stands in the policy, a file of its own.</summary>
internal sealed record RuntimeGuardConfig
{
    /// <summary>The policy. Null: /etc/devops-agent/guard-policy.yaml.</summary>
    public string? Policy { get; init; }

    /// <summary>audit, alert or enforce in place of the policy's own mode. Null: that of the policy.</summary>
    public string? Mode { get; init; }

    /// <summary>auto, or the only backend that may be used: proc, process.</summary>
    public string Backend { get; init; } = "auto";

    /// <summary>How often backends that poll look.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The Unix socket of <c>guard status</c> and <c>guard mode</c>.</summary>
    public string Socket { get; init; } = "./data/guard.sock";

    /// <summary>Users, besides the guard's own and root, that may ask over the socket. Only root and the guard's own user may change the mode.</summary>
    public IReadOnlyList<int> AllowedUids { get; init; } = [];
}
