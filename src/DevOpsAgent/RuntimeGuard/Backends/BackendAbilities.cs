namespace DevOpsAgent.RuntimeGuard.Backends;

/// <summary>What a backend can do about each kind of rule.</summary>
internal sealed record BackendAbilities
{
    public required Enforcement Files { get; init; }
    public required Enforcement Exec { get; init; }
    public required Enforcement Connect { get; init; }
    public required Enforcement Listen { get; init; }
    public required Enforcement Memory { get; init; }
    public required Enforcement Cpu { get; init; }

    /// <summary>By name of a blocked system call; those not named: <see cref="OtherSyscalls"/>.</summary>
    public required IReadOnlyDictionary<string, Enforcement> Syscalls { get; init; }

    public required Enforcement OtherSyscalls { get; init; }

    /// <summary>By name of what others are kept from; those not named: None.</summary>
    public required IReadOnlyDictionary<string, Enforcement> Protections { get; init; }

    public Enforcement Syscall(string name) => Syscalls.TryGetValue(name, out var known) ? known : OtherSyscalls;

    public Enforcement Protection(string name) => Protections.GetValueOrDefault(name, Enforcement.None);

    public Enforcement Of(GuardEventKind kind, string subject) => kind switch
    {
        GuardEventKind.File => Files,
        GuardEventKind.Exec => Exec,
        GuardEventKind.Connect => Connect,
        GuardEventKind.Listen => Listen,
        GuardEventKind.Memory => Memory,
        GuardEventKind.Cpu => Cpu,
        GuardEventKind.Protect => Protection(subject),
        _ => Syscall(subject),
    };
}
