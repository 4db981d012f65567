using System.Globalization;
using System.Text;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>What is wrong with an event, in the words of the Go document; new kinds follow its wording.</summary>
/// <param name="Type">syscall, file, network, exec or resource.</param>
internal sealed record Reason(string Type, string Detail, string Severity, string? Rule = null, int Line = 0)
{
    public static Reason Syscall(ProcessPolicy policy, string syscall)
    {
        var rule = PlainRules.Call(policy.BlockedSyscalls, syscall);
        return new("syscall", $"blocked syscall: {syscall}", Syscalls.SeverityOf(syscall), rule?.Text, rule?.Line ?? 0);
    }

    public static Reason Protected(ProcessPolicy policy, string syscall)
    {
        var rule = PlainRules.Call(policy.ProtectFrom, syscall);
        return new("syscall", $"protected from syscall: {syscall}", Syscalls.SeverityOf(syscall), rule?.Text, rule?.Line ?? 0);
    }

    public static Reason File(ProcessPolicy policy, string path, Denial denial)
    {
        var (_, rule, line) = PlainRules.File(policy, Encoding.UTF8.GetBytes(path));
        return denial switch
        {
            Denial.Blocked => new("file", $"blocked file access: {path} (pattern: {rule})", "HIGH", rule, line),
            Denial.Unresolvable => new("file", $"file access by a path that can't be resolved: {path}", "HIGH"),
            _ => new("file", $"unauthorized file access: {path}", "MEDIUM"),
        };
    }

    public static Reason Exec(ProcessPolicy policy, string path, Denial denial)
    {
        var (_, rule, line) = PlainRules.Exec(policy, Encoding.UTF8.GetBytes(path));
        return denial switch
        {
            Denial.Blocked => new("exec", $"blocked exec: {path} (pattern: {rule})", "HIGH", rule, line),
            Denial.Unresolvable => new("exec", $"exec by a path that can't be resolved: {path}", "HIGH"),
            _ => new("exec", $"unauthorized exec: {path}", "HIGH"),
        };
    }

    /// <param name="target">Null: the text names no address.</param>
    public static Reason Network(ProcessPolicy policy, string text, NetworkTarget? target, Denial denial)
    {
        var (_, rule, line) = target is { } known ? PlainRules.Network(policy, known) : default;
        return denial switch
        {
            Denial.NoNetwork => new("network", $"network access denied (no network allowed): {text}", "CRITICAL"),
            Denial.Blocked => new("network", $"blocked network access: {text} (pattern: {rule})", "HIGH", rule, line),
            Denial.Unresolvable => new("network", $"network access to what is no address: {text}", "HIGH"),
            _ => new("network", $"unauthorized network access: {text}", "MEDIUM"),
        };
    }

    /// <summary>Denied by rules that are no longer in force.</summary>
    public static Reason Before(GuardEvent seen) => new(
        seen.Kind switch
        {
            GuardEventKind.File => "file",
            GuardEventKind.Exec => "exec",
            GuardEventKind.Connect or GuardEventKind.Listen => "network",
            GuardEventKind.Memory or GuardEventKind.Cpu => "resource",
            _ => "syscall",
        },
        $"denied by the rules before the last change: {seen.Subject}",
        "HIGH");

    public static Reason Memory(ProcessPolicy policy, int megabytes) =>
        new("resource", string.Create(CultureInfo.InvariantCulture, $"memory limit exceeded: {megabytes}MB > {policy.MaxMemoryMb}MB"), "HIGH", "max_memory_mb", policy.Line);

    public static Reason Cpu(ProcessPolicy policy, int percent) =>
        new("resource", string.Create(CultureInfo.InvariantCulture, $"cpu limit exceeded: {percent}% > {policy.MaxCpuPercent}%"), "HIGH", "max_cpu_percent", policy.Line);
}
