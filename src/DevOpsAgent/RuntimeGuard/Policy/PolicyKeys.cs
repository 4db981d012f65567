using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;
using static DevOpsAgent.Configuration.KeyTypes;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>Every key of a policy file. Those of the Go document by their names there; any unknown key is an error.</summary>
internal sealed class PolicyKeys
{
    /// <summary>Where a program named without a slash is looked for.</summary>
    private static readonly string[] s_programs = ["/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"];

    private static readonly SingleType<string> Absolute = Single("must be an absolute path such as /usr/bin/traefik", static t =>
        t is ['/', _, ..] && !t.Contains('*', StringComparison.Ordinal) && !t.Contains("/../", StringComparison.Ordinal) && !t.Any(char.IsControl));

    private static readonly SingleType<string> CgroupPath = Single("must be a path in the cgroup tree such as /system.slice/traefik.service", static t =>
        t is ['/', ..] && !t.Contains('*', StringComparison.Ordinal) && (t.Length == 1 || t[^1] != '/'));

    private static readonly SingleType<string> UnitName = Single("must be the full name of a systemd unit such as traefik.service", static t =>
        t.Contains('.', StringComparison.Ordinal) && !t.Contains('/', StringComparison.Ordinal) && !t.Contains('*', StringComparison.Ordinal));

    /// <param name="resolve">The path behind links; null where there is nothing to add.</param>
    public PolicyKeys(Func<string, string?> resolve)
    {
        var files = new RulesType<PathPattern>("/var/lib/traefik/*", (text, values) => Files(text, values, resolve));
        var programs = new RulesType<PathPattern>("/usr/bin/git", (text, values) => Programs(text, values, resolve));
        var network = new RulesType<NetworkEntry>("10.0.0.0/8:443", static (text, values) => NetworkEntry.TryParse(text, values, out var error) ? null : error);
        var calls = new RulesType<string>("ptrace", Calls);
        var exe = new OneOrMoreType<string>(Absolute, "[/usr/bin/traefik]");
        Process = new(
        [
            new ConfigKey<ProcessPolicy, string?>("description", Optional(Text), static p => p.Description, static (p, v) => p with { Description = v }),
            new ConfigKey<ProcessPolicy, GuardMode>("mode", Choice<GuardMode>(), static p => p.Mode ?? default, static (p, v) => p with { Mode = v }),
            new ConfigKey<ProcessPolicy, IReadOnlyList<string>>("exe", exe, static p => p.Selectors.Exe, (p, v) => p with { Selectors = p.Selectors with { Exe = [.. v.Concat(v.Select(resolve).OfType<string>()).Distinct(StringComparer.Ordinal)] } }),
            new ConfigKey<ProcessPolicy, IReadOnlyList<string>>("cgroup", new OneOrMoreType<string>(CgroupPath, "[/system.slice/traefik.service]"), static p => p.Selectors.Cgroup, static (p, v) => p with { Selectors = p.Selectors with { Cgroup = v } }),
            new ConfigKey<ProcessPolicy, IReadOnlyList<string>>("unit", new OneOrMoreType<string>(UnitName, "[traefik.service]"), static p => p.Selectors.Unit, static (p, v) => p with { Selectors = p.Selectors with { Unit = v } }),
            new ConfigKey<ProcessPolicy, IReadOnlyList<int>>("uid", new OneOrMoreType<int>(Number(0, int.MaxValue), "[1000]"), static p => p.Selectors.Uid, static (p, v) => p with { Selectors = p.Selectors with { Uid = v } }),
            new ConfigKey<ProcessPolicy, IReadOnlyList<PolicyRule<PathPattern>>?>("allowed_exec", programs, static p => p.AllowedExec, static (p, v) => p with { AllowedExec = v }),
            Rules("blocked_syscalls", calls, static p => p.BlockedSyscalls, static (p, v) => p with { BlockedSyscalls = v }),
            Rules("protect_from", calls, static p => p.ProtectFrom, static (p, v) => p with { ProtectFrom = v }),
            Rules("allowed_files", files, static p => p.AllowedFiles, static (p, v) => p with { AllowedFiles = v }),
            Rules("blocked_files", files, static p => p.BlockedFiles, static (p, v) => p with { BlockedFiles = v }),
            Rules("allowed_network", network, static p => p.AllowedNetwork, static (p, v) => p with { AllowedNetwork = v }),
            Rules("blocked_network", network, static p => p.BlockedNetwork, static (p, v) => p with { BlockedNetwork = v }),
            new ConfigKey<ProcessPolicy, int>("max_memory_mb", Number(0, 1 << 30), static p => p.MaxMemoryMb, static (p, v) => p with { MaxMemoryMb = v }),
            new ConfigKey<ProcessPolicy, int>("max_cpu_percent", Number(0, 100 * 4096), static p => p.MaxCpuPercent, static (p, v) => p with { MaxCpuPercent = v }),
        ]);
        var actions = List(Choice([.. AlertRoutes.Actions]), "[log_to_syslog]");
        File = new(
        [
            new ConfigKey<GuardPolicy, string?>("version", Optional(Text), static p => p.Version, static (p, v) => p with { Version = v ?? p.Version }),
            new ConfigKey<GuardPolicy, string?>("mode", Optional(Choice([.. GuardModes.Names])), static p => p.Mode.Word(), static (p, v) => v is not null && GuardModes.TryParse(v, out var mode) ? p with { Mode = mode } : p),
            new ConfigKey<GuardPolicy, bool>("require_block", Bool, static p => p.RequireBlock, static (p, v) => p with { RequireBlock = v }),
            new ConfigKey<GuardPolicy, AgentExit>("on_agent_exit", Choice<AgentExit>(), static p => p.OnAgentExit, static (p, v) => p with { OnAgentExit = v }),
            new ConfigKey<GuardPolicy, IReadOnlyList<ProcessPolicy>>("processes", new ProcessesType(Process), static p => p.Processes, static (p, v) => p with { Processes = v }),
            new ConfigKey<GuardPolicy, IReadOnlyList<string>>("alerts.on_violation", actions, static p => p.Alerts.OnViolation, static (p, v) => p with { Alerts = p.Alerts with { OnViolation = v } }),
            new ConfigKey<GuardPolicy, IReadOnlyList<string>>("alerts.on_critical", actions, static p => p.Alerts.OnCritical, static (p, v) => p with { Alerts = p.Alerts with { OnCritical = v } }),
            Breaker("violations", Number(1, 1_000_000), static b => b.Violations, static (b, v) => b with { Violations = v }),
            Breaker("within", Duration, static b => b.Within, static (b, v) => b with { Within = v }),
            Breaker("open_for", Duration, static b => b.OpenFor, static (b, v) => b with { OpenFor = v }),
            Breaker("on_open", actions, static b => b.OnOpen ?? [], static (b, v) => b with { OnOpen = v }),
        ]);
    }

    public KeyTable<ProcessPolicy> Process { get; }

    public KeyTable<GuardPolicy> File { get; }

    private static string? Files(string text, List<PathPattern> values, Func<string, string?> resolve)
    {
        if (text == RuntimeBaseline.Name)
        {
            values.AddRange(RuntimeBaseline.Patterns);
            return null;
        }

        if (!PathPattern.TryParse(text, out var pattern, out var error))
        {
            return error;
        }

        values.Add(pattern);
        if (pattern.Literal.Length > 0 && resolve(pattern.Literal) is { } real && PathPattern.TryParse(real + text[pattern.Literal.Length..], out var canonical, out _))
        {
            values.Add(canonical);
        }

        return null;
    }

    private static string? Programs(string text, List<PathPattern> values, Func<string, string?> resolve)
    {
        if (text.Length == 0 || text.Contains('/', StringComparison.Ordinal) || text[0] == '@' || text.Contains('*', StringComparison.Ordinal))
        {
            return text == RuntimeBaseline.Name ? "names files that are read, not programs" : Files(text, values, resolve);
        }

        foreach (var directory in s_programs)
        {
            if (Files(directory + text, values, resolve) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    private static string? Calls(string text, List<string> values)
    {
        if (Syscalls.TryNumber(text, out _))
        {
            values.Add(text.ToLowerInvariant());
            return null;
        }

        var near = NearestName.Of(text, Syscalls.Numbers.Keys);
        return near is null
            ? "is not a known system call; write its name as in 'man 2 syscalls', or its number on this machine"
            : $"is not a known system call; did you mean '{near}'?";
    }

    private static ConfigKey<ProcessPolicy, IReadOnlyList<PolicyRule<T>>?> Rules<T>(string key, RulesType<T> type, Func<ProcessPolicy, IReadOnlyList<PolicyRule<T>>> get, Func<ProcessPolicy, IReadOnlyList<PolicyRule<T>>, ProcessPolicy> set) =>
        new(key, type, get, (p, v) => set(p, v ?? []));

    private static ConfigKey<GuardPolicy, T> Breaker<T>(string key, KeyType<T> type, Func<BreakerPolicy, T> get, Func<BreakerPolicy, T, BreakerPolicy> set) =>
        new("alerts.circuit_breaker." + key, type, p => get(p.Alerts.Breaker), (p, v) => p with { Alerts = p.Alerts with { Breaker = set(p.Alerts.Breaker, v) } });

    private static SingleType<string> Single(string expects, Func<string, bool> fine) => new(
        expects,
        (string text, out string value) =>
        {
            value = text;
            return fine(text) ? null : expects;
        },
        static value => JsonValue.Create(value));
}
