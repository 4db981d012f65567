using System.Globalization;
using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;
using static DevOpsAgent.Configuration.KeyTypes;

namespace DevOpsAgent.Exec.Acl;

/// <summary>Every key that an ACL file may have. Any other is an error.</summary>
internal static class AclKeys
{
    private static readonly SingleType<string> Id = Hex64("must be an id of 64 hex digits, as 'exec identity show' prints it");

    public static KeyTable<CommandDraft> Command { get; } = new(
    [
        new ConfigKey<CommandDraft, ArgvDraft>("argv", new ArgvType(), static c => c.Argv, static (c, v) => c with { Argv = v }),
        new ConfigKey<CommandDraft, string?>("sha256", Optional(Hex64("must be the program's SHA-256, 64 hex digits")), static c => c.Sha256, static (c, v) => c with { Sha256 = v }),
    ]);

    public static KeyTable<EntryDraft> Entry { get; } = new(
    [
        new ConfigKey<EntryDraft, string?>("description", Optional(Text), static e => e.Description, static (e, v) => e with { Description = v }),
        new ConfigKey<EntryDraft, string>("agent_id", Id, static e => e.AgentId, static (e, v) => e with { AgentId = v }),
        new ConfigKey<EntryDraft, string>("machine_id", Id, static e => e.MachineId, static (e, v) => e with { MachineId = v }),
        new ConfigKey<EntryDraft, int>("max_duration_secs", Seconds, static e => (int)(e.MaxDurationSecs ?? 0), static (e, v) => e with { MaxDurationSecs = v }),
        new ConfigKey<EntryDraft, IReadOnlyList<CommandDraft>>("commands", new GroupsType<CommandDraft>(Command, static () => new(), "argv: [uptime]", static c => c.Argv.Tokens.Count == 0 ? "argv" : null),
            static e => e.Commands, static (e, v) => e with { Commands = v }),
    ]);

    public static KeyTable<AclDraft> File { get; } = new(
    [
        Key("enabled", Bool, static d => d.Enabled, static (d, v) => d with { Enabled = v }),
        Bytes("max_stdout_bytes", static c => c.MaxStdoutBytes, static (c, v) => c with { MaxStdoutBytes = v }),
        Bytes("max_stderr_bytes", static c => c.MaxStderrBytes, static (c, v) => c with { MaxStderrBytes = v }),
        Bytes("max_stdin_bytes", static c => c.MaxStdinBytes, static (c, v) => c with { MaxStdinBytes = v }),
        Count("max_duration_secs", Seconds, static c => c.MaxDurationSecs, static (c, v) => c with { MaxDurationSecs = v }),
        Count("max_concurrent_per_agent", Number(1, 10_000), static c => c.MaxConcurrentPerAgent, static (c, v) => c with { MaxConcurrentPerAgent = v }),
        Count("max_concurrent_total", Number(1, 10_000), static c => c.MaxConcurrentTotal, static (c, v) => c with { MaxConcurrentTotal = v }),
        Bytes("warn_stdout_bytes", static c => c.WarnStdoutBytes, static (c, v) => c with { WarnStdoutBytes = v }),
        Bytes("warn_stderr_bytes", static c => c.WarnStderrBytes, static (c, v) => c with { WarnStderrBytes = v }),
        Count("warn_duration_secs", Seconds, static c => c.WarnDurationSecs, static (c, v) => c with { WarnDurationSecs = v }),
        Count("max_idle_secs", Seconds, static c => c.MaxIdleSecs ?? 0, static (c, v) => c with { MaxIdleSecs = v }),
        Bytes("max_memory_bytes", static c => c.MaxMemoryBytes ?? 0, static (c, v) => c with { MaxMemoryBytes = v }),
        Bytes("max_file_bytes", static c => c.MaxFileBytes ?? 0, static (c, v) => c with { MaxFileBytes = v }),
        Count("max_open_files", Number(8, 1_000_000), static c => c.MaxOpenFiles ?? 0, static (c, v) => c with { MaxOpenFiles = v }),
        Count("max_processes", Number(1, 1_000_000), static c => c.MaxProcesses ?? 0, static (c, v) => c with { MaxProcesses = v }),
        Key("default_cwd", Optional(Text), static d => d.DefaultCwd, static (d, v) => d with { DefaultCwd = v }),
        Key("audit_log_path", Text, static d => d.AuditLogPath, static (d, v) => d with { AuditLogPath = v }),
        Key("audit_tasklist_id", Optional(Text), static d => d.AuditTasklistId, static (d, v) => d with { AuditTasklistId = v }),
        Key("allow", new GroupsType<EntryDraft>(Entry, static () => new(), "description: ops", static e =>
            e.AgentId.Length == 0 ? "agent_id" : e.MachineId.Length == 0 ? "machine_id" : e.Commands.Count == 0 ? "commands" : null),
            static d => d.Allow, static (d, v) => d with { Allow = v }),
    ]);

    private static SingleType<int> Seconds => Number(1, 7 * 24 * 3600);

    private static ConfigKey<AclDraft, T> Key<T>(string name, KeyType<T> type, Func<AclDraft, T> get, Func<AclDraft, T, AclDraft> set) =>
        new("exec." + name, type, get, set);

    private static ConfigKey<AclDraft, long> Bytes(string name, Func<ExecCaps, long> get, Func<ExecCaps, long, ExecCaps> set) =>
        Key(name, Size(1), d => get(d.Caps), (d, v) => d with { Caps = set(d.Caps, v) });

    private static ConfigKey<AclDraft, int> Count(string name, SingleType<int> type, Func<ExecCaps, long> get, Func<ExecCaps, long, ExecCaps> set) =>
        Key(name, type, d => (int)get(d.Caps), (d, v) => d with { Caps = set(d.Caps, v) });

    private static SingleType<string> Hex64(string expects) => new(
        expects,
        (string text, out string value) =>
        {
            value = text.ToLower(CultureInfo.InvariantCulture);
            return text.Length == 64 && text.All(char.IsAsciiHexDigit) ? null : expects;
        },
        static value => JsonValue.Create(value));
}
