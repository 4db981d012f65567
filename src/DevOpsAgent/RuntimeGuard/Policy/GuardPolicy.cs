using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>A policy file as read. Immutable; lists keep the order of the file.</summary>
internal sealed record GuardPolicy
{
    public string File { get; init; } = "";
    public string Version { get; init; } = "1.0";
    public GuardMode Mode { get; init; } = GuardMode.Audit;

    /// <summary>True: no start on a backend that can't block what the policy denies.</summary>
    public bool RequireBlock { get; init; }

    public AgentExit OnAgentExit { get; init; } = AgentExit.Keep;
    public IReadOnlyList<ProcessPolicy> Processes { get; init; } = [];
    public AlertRoutes Alerts { get; init; } = new();

    /// <summary>What is allowed to be written but hardly meant.</summary>
    public IReadOnlyList<ConfigProblem> Warnings { get; init; } = [];

    public ProcessPolicy? Find(string name) => Processes.FirstOrDefault(p => p.Name == name);
}

/// <summary>What happens to what the kernel enforces when the agent ends.</summary>
internal enum AgentExit
{
    Keep,
    Release,
}

/// <summary>What is done about a violation, and about one of severity CRITICAL besides.</summary>
internal sealed record AlertRoutes
{
    public static IReadOnlyList<string> Actions { get; } =
        ["log_to_syslog", "send_to_soc_dashboard", "increment_circuit_breaker", "kill_process", "isolate_network", "notify_architect"];

    public IReadOnlyList<string> OnViolation { get; init; } = [];
    public IReadOnlyList<string> OnCritical { get; init; } = [];
    public BreakerPolicy Breaker { get; init; } = new();
}

/// <summary>
/// When increment_circuit_breaker opens the breaker of a process: too many violations in a short time, whatever their severity.
/// While it is open, each violation of the process is treated as a critical one.
/// </summary>
internal sealed record BreakerPolicy
{
    public int Violations { get; init; } = 5;
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Without a further violation for this long it closes.</summary>
    public TimeSpan OpenFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What is done when it opens, and about each violation while it is open. Null: what stands in on_critical.</summary>
    public IReadOnlyList<string>? OnOpen { get; init; }
}
