namespace DevOpsAgent.Ebpf;

/// <summary>Where this machine keeps what the kernel backends need. Tests take one of these away.</summary>
internal sealed record KernelHost
{
    public string Btf { get; init; } = "/sys/kernel/btf/vmlinux";

    /// <summary>Null: no cgroup v2 tree is mounted.</summary>
    public string? CgroupRoot { get; init; } = FindCgroupRoot();

    /// <summary>The parent must be a bpf file system, or a folder where one can be mounted.</summary>
    public string Pins { get; init; } = "/sys/fs/bpf/devops-agent";

    /// <summary>Null: built without clang.</summary>
    public byte[]? Object { get; init; } = GuardObject.Bytes();

    public string Library { get; init; } = Native.Libbpf.Library;

    /// <summary>Effective user.</summary>
    public uint User { get; init; } = OperatingSystem.IsLinux() ? Native.Libc.EffectiveUser() : uint.MaxValue;

    /// <summary>Why no kernel backend can work at all; null: try.</summary>
    public string? Missing() =>
        !OperatingSystem.IsLinux() ? "needs Linux"
        : Object is null ? "this build has no kernel programs: it was built without clang and libbpf-dev"
        : Native.Libbpf.Missing(Library) is { } library ? library
        : !File.Exists(Btf) ? $"the kernel has no BTF ({Btf} is missing; CONFIG_DEBUG_INFO_BTF)"
        : CgroupRoot is null ? "no cgroup v2 tree is mounted, and without it the network can't be blocked"
        : User != 0 ? "needs root"
        : null;

    /// <summary>The first of type cgroup2 in /proc/self/mounts.</summary>
    private static string? FindCgroupRoot()
    {
        try
        {
            // cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
            return File.ReadLines("/proc/self/mounts").Select(static l => l.Split(' ')).FirstOrDefault(static f => f is [_, _, "cgroup2", ..])?[1];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
