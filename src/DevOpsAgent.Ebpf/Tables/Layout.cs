using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DevOpsAgent.Ebpf.Tables;

/// <summary>Numbers of bpf/guard.h.</summary>
internal static class Limits
{
    public const uint Schema = 1;
    public const int Policies = 256;
    public const int Rulesets = 1024;
    public const int Components = 128;
    public const int StarComponents = 32;
    public const int StarPatterns = 128;
    public const int Syscalls = 1024;
    public const uint ActiveSelection = Policies;
}

[Flags]
internal enum RulesetFlags : uint
{
    None = 0,
    HasFileRules = 1,
    AllowsFiles = 2,
    HasExecList = 4,
    HasNetwork = 8,
    LimitsNetwork = 16,
    HasStars = 32,
    HasKills = 64,
    Isolated = 128,
}

[Flags]
internal enum ConfigFlags : uint
{
    None = 0,
    JudgeExecLate = 1,
    KillUring = 2,
}

internal enum RuleKind : uint
{
    Path = 1,
    Component = 2,
    SelectExe = 3,
    SelectName = 4,
    SelectInode = 5,
    SelectCgroup = 6,
    SelectUnit = 7,
    SelectUid = 8,
}

internal enum Counter
{
    Lost,
    Unresolved,
    Busy,
    TasksFull,
    Denied,
    Seen,
}

/// <summary>struct rule_key.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct RuleKey(ulong A, ulong B, RuleKind Kind, uint Index);

/// <summary>Four words: struct rule_value.</summary>
[InlineArray(4)]
internal struct RuleValue
{
    private ulong _word;
}

[InlineArray(16)]
internal struct Bytes16
{
    private byte _byte;
}

/// <summary>struct net_key.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetKey
{
    public uint Bits;
    public byte Family;
    public Bytes16 Address;
    private byte _pad1, _pad2, _pad3;
}

/// <summary>struct net_value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct NetValue(uint Hits, uint Set);

/// <summary>struct port_key: set and port are big endian.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PortKey(uint Bits, uint BigEndianSet, ushort BigEndianPort, ushort Pad);

/// <summary>struct ruleset.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Ruleset
{
    public uint Mode;
    public RulesetFlags Flags;
    public fixed ulong StarAny[Limits.StarComponents * 2];
    public fixed ulong StarExact[(Limits.StarComponents + 1) * 2];
    public fixed ulong StarTree[(Limits.StarComponents + 1) * 2];
    public fixed ulong StarHits[3 * 2];
    public fixed ulong Blocked[Limits.Syscalls / 64];
    public fixed ulong Kills[Limits.Syscalls / 64];
    public fixed ulong GuardedFrom[Limits.Syscalls / 64];
}

/// <summary>struct selection.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Selection
{
    public fixed ulong AnyExe[4];
    public fixed ulong AnyCgroup[4];
    public fixed ulong AnyUid[4];
    public fixed ushort Slot[Limits.Policies];
    public uint NeedsCgroup;
    private uint _pad;
}

/// <summary>struct task_state.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct TaskState(uint Slot, RulesetFlags Flags);

/// <summary>struct guard_config.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GuardConfig
{
    public fixed ulong Seed[4];
    public ConfigFlags Flags;
    public uint CanaryTgid;
    public uint CanaryPort;
    public uint Schema;
    public ulong CanaryInode;
}

internal enum KernelOutcome : byte
{
    None,
    Blocked,
    Killed,
    KilledLate,
}

internal enum Odd : byte
{
    None,
    Unresolved,
    RawSocket,
    Uring,
    Remount,
    Compat,
    Isolated,
}

internal enum KernelMethod : byte
{
    None,
    Lsm,
    Cgroup,
    SysEnter,
    SysExit,
    SchedExec,
    ForkFailed,
}

/// <summary>struct event; the path follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KernelEvent
{
    public ulong AtNanoseconds;
    public uint Tgid, Tid, Slot, ByTgid;
    public int Syscall;
    public byte Kind;
    public KernelOutcome Outcome;
    public KernelMethod Method;
    public Odd Odd;
    public ushort Port, PathBytes;
    public byte Family;
    private byte _pad1, _pad2, _pad3;
    public Bytes16 Address;
    public uint Value, Mode;
}
