using DevOpsAgent.RuntimeGuard.Backends;

namespace DevOpsAgent.Ebpf;

/// <summary>What the two kernel backends can do; docs/runtime-guard.md has it as a table, and tests hold each cell.</summary>
internal static class KernelAbilities
{
    /// <summary>Calls that a hook of the LSM or of the cgroup refuses.</summary>
    private static readonly HashSet<string> s_hooked = new(StringComparer.OrdinalIgnoreCase)
    {
        "ptrace", "process_vm_readv", "process_vm_writev", "kexec_load", "kexec_file_load", "init_module", "finit_module", "bpf",
        "mount", "move_mount", "umount2", "pivot_root", "chroot", "execve", "execveat", "fork", "vfork", "clone", "clone3",
        "socket", "connect", "bind", "listen",
        "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "mknod", "mknodat", "symlink", "symlinkat", "rename", "renameat", "renameat2", "link", "linkat", "truncate",
    };

    /// <summary>Calls in which the kernel looks for a deadly signal before it does anything.</summary>
    private static readonly string[] s_killedInTime = ["fork", "vfork", "clone", "clone3", "execve", "execveat", "process_vm_readv", "process_vm_writev"];

    private static readonly string[] s_protectable = ["ptrace", "process_vm_readv", "process_vm_writev"];

    public static bool RefusedByLsm(string call) => s_hooked.Contains(call);

    public static BackendAbilities Lsm { get; } = Of(Enforcement.Block, Enforcement.Block, s_hooked.ToDictionary(static c => c, static _ => Enforcement.Block, StringComparer.OrdinalIgnoreCase), Enforcement.Block);

    public static BackendAbilities Tracepoint { get; } = Of(Enforcement.KillLate, Enforcement.Kill, s_killedInTime.ToDictionary(static c => c, static _ => Enforcement.Kill, StringComparer.OrdinalIgnoreCase), Enforcement.KillLate);

    private static BackendAbilities Of(Enforcement files, Enforcement exec, IReadOnlyDictionary<string, Enforcement> calls, Enforcement protection) => new()
    {
        Files = files,
        Exec = exec,
        Connect = Enforcement.Block,
        Listen = Enforcement.Block,
        Memory = Enforcement.KillLate,
        Cpu = Enforcement.KillLate,
        Syscalls = calls,
        OtherSyscalls = Enforcement.KillLate,
        Protections = s_protectable.ToDictionary(static c => c, _ => protection, StringComparer.OrdinalIgnoreCase),
    };
}
