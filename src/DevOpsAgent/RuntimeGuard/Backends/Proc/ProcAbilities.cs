namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>What reading /proc can do: see what lasts until the next look. Limits end in a kill after they were passed.</summary>
internal static class ProcAbilities
{
    public static BackendAbilities Of(bool canKill) => new()
    {
        Files = Enforcement.Observe,
        Exec = Enforcement.Observe,
        Connect = Enforcement.Observe,
        Listen = Enforcement.Observe,
        Memory = canKill ? Enforcement.KillLate : Enforcement.Observe,
        Cpu = canKill ? Enforcement.KillLate : Enforcement.Observe,
        Syscalls = new[]
        {
            "ptrace", "fork", "vfork", "clone", "clone3", "execve", "execveat", "socket", "connect", "bind", "listen",
            "init_module", "finit_module", "mount", "move_mount", "io_uring_setup",
        }.ToDictionary(static n => n, static _ => Enforcement.Observe, StringComparer.OrdinalIgnoreCase),
        OtherSyscalls = Enforcement.None,
        Protections = new Dictionary<string, Enforcement>(StringComparer.OrdinalIgnoreCase) { ["ptrace"] = Enforcement.Observe },
    };
}
