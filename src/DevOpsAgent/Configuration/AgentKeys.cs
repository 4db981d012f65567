using static DevOpsAgent.Configuration.KeyTypes;

namespace DevOpsAgent.Configuration;

/// <summary>The keys of guardrails and agent, part of <see cref="ConfigKeys.All"/>.</summary>
internal static class AgentKeys
{
    private static SingleType<string> Policy => Choice("block", "sanitize", "audit");

    public static IReadOnlyList<ConfigKey<AgentConfig>> All { get; } =
    [
        Rails("enabled", Bool, static g => g.Enabled, static (g, v) => g with { Enabled = v }),
        Rails("input_policy", Policy, static g => g.InputPolicy, static (g, v) => g with { InputPolicy = v }),
        Rails("output_policy", Policy, static g => g.OutputPolicy, static (g, v) => g with { OutputPolicy = v }),
        Rails("input.secrets", Optional(Policy), static g => g.Input.Secrets, static (g, v) => g with { Input = g.Input with { Secrets = v } }),
        Rails("input.personal", Optional(Policy), static g => g.Input.Personal, static (g, v) => g with { Input = g.Input with { Personal = v } }),
        Rails("input.injection", Optional(Policy), static g => g.Input.Injection, static (g, v) => g with { Input = g.Input with { Injection = v } }),
        Rails("output.secrets", Optional(Policy), static g => g.Output.Secrets, static (g, v) => g with { Output = g.Output with { Secrets = v } }),
        Rails("output.addresses", Optional(Policy), static g => g.Output.Addresses, static (g, v) => g with { Output = g.Output with { Addresses = v } }),
        Rails("output.urls", Optional(Policy), static g => g.Output.Urls, static (g, v) => g with { Output = g.Output with { Urls = v } }),
        Rails("retention", Duration, static g => g.Retention, static (g, v) => g with { Retention = v }),

        Limit("investigate", Bool, static a => a.Investigate, static (a, v) => a with { Investigate = v }),
        Limit("min_severity", Choice("low", "medium", "high", "critical"), static a => a.MinSeverity, static (a, v) => a with { MinSeverity = v }),
        Limit("runs_per_hour", Number(1, 10_000), static a => a.RunsPerHour, static (a, v) => a with { RunsPerHour = v }),
        Limit("max_turns", Number(2, 100), static a => a.MaxTurns, static (a, v) => a with { MaxTurns = v }),
        Limit("max_tokens", Number(1_000, 100_000_000), static a => a.MaxTokens, static (a, v) => a with { MaxTokens = v }),
        Limit("max_time", Duration, static a => a.MaxTime, static (a, v) => a with { MaxTime = v }),
        Limit("max_cost", Fraction(0, 0, 1_000_000, "must be a number above 0"), static a => a.MaxCost, static (a, v) => a with { MaxCost = v }),
        Limit("max_rows", Number(10, 1_000_000), static a => a.MaxRows, static (a, v) => a with { MaxRows = v }),
        Limit("tool_timeout", Duration, static a => a.ToolTimeout, static (a, v) => a with { ToolTimeout = v }),
    ];

    private static ConfigKey<AgentConfig, T> Rails<T>(string name, KeyType<T> type, Func<GuardrailsConfig, T> get, Func<GuardrailsConfig, T, GuardrailsConfig> set) =>
        new("guardrails." + name, type, c => get(c.Guardrails), (c, v) => c with { Guardrails = set(c.Guardrails, v) });

    private static ConfigKey<AgentConfig, T> Limit<T>(string name, KeyType<T> type, Func<AgentLimitsConfig, T> get, Func<AgentLimitsConfig, T, AgentLimitsConfig> set) =>
        new("agent." + name, type, c => get(c.Agent), (c, v) => c with { Agent = set(c.Agent, v) });
}
