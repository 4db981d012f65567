using System.Globalization;
using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Ebpf.Tables;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf;

/// <summary>What the kernel reports, as an event of the guard.</summary>
internal static class EventWords
{
    private static readonly Dictionary<int, string> s_calls = Syscalls.Numbers.Where(static n => n.Value >= 0).GroupBy(static n => n.Value).ToDictionary(static g => g.Key, static g => g.First().Key);

    public static GuardEvent Of(KernelEvent seen, ReadOnlySpan<byte> path, string process, ProcessRules? rules, DateTimeOffset at)
    {
        var kind = (GuardEventKind)seen.Kind;
        return new()
        {
            Time = at,
            Process = process,
            Pid = (int)seen.Tgid,
            Kind = kind,
            Subject = Subject(seen, path, kind, rules),
            Method = Method(seen),
            Outcome = seen.Outcome switch
            {
                KernelOutcome.Blocked => "blocked",
                KernelOutcome.Killed or KernelOutcome.KilledLate => "killed",
                _ => null,
            },
        };
    }

    private static string Call(int number) => s_calls.GetValueOrDefault(number) ?? number.ToString(CultureInfo.InvariantCulture);

    private static string Subject(KernelEvent seen, ReadOnlySpan<byte> path, GuardEventKind kind, ProcessRules? rules) => seen.Odd switch
    {
        Odd.RawSocket => string.Create(CultureInfo.InvariantCulture, $"raw socket (family {seen.Value >> 16}, type {seen.Value & 0xFFFF})"),
        Odd.Uring => "io_uring (what it opens can't be judged)",
        Odd.Remount => $"{Call(seen.Syscall)} (paths would mean other files)",
        Odd.Compat => rules?.Policy.BlockedSyscalls.Select(static r => r.Text).FirstOrDefault() ?? "",
        Odd.Unresolved => $"unresolved: {Encoding.UTF8.GetString(path)}",
        _ => kind switch
        {
            GuardEventKind.File or GuardEventKind.Exec => path.IsEmpty ? "/" : Encoding.UTF8.GetString(path),
            GuardEventKind.Connect or GuardEventKind.Listen => Address(seen),
            _ => rules is null || kind == GuardEventKind.Protect ? Call(seen.Syscall) : CallFamily.Named(Call(seen.Syscall), rules),
        },
    };

    private static string Address(KernelEvent seen)
    {
        var bytes = (ReadOnlySpan<byte>)seen.Address;
        var address = new System.Net.IPAddress(seen.Family == 4 ? bytes[..4] : bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{(seen.Family == 4 ? address.ToString() : $"[{address}]")}:{seen.Port}");
    }

    private static string Method(KernelEvent seen)
    {
        var by = seen.Method switch
        {
            KernelMethod.Lsm => "LSM hook",
            KernelMethod.Cgroup => "cgroup hook",
            KernelMethod.SysEnter => "on entering the call",
            KernelMethod.SysExit => "on leaving the call",
            _ => "on executing the program",
        };
        var odd = seen.Odd switch
        {
            Odd.Compat => string.Create(CultureInfo.InvariantCulture, $", call {seen.Syscall} by the 32-bit entry"),
            Odd.Isolated => ", isolated from the network",
            _ => "",
        };
        return by + odd + seen.Outcome switch
        {
            KernelOutcome.KilledLate => ", killed; the effect may have happened",
            KernelOutcome.Killed => ", killed before the effect",
            KernelOutcome.Blocked => ", refused with EPERM",
            _ => "",
        };
    }
}
