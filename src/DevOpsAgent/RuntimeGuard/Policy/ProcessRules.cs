using System.Buffers;
using System.Text;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>
/// The policy of one process, compiled: each question costs the same whatever the number of rules, and allocates nothing.
/// Safe to ask from several threads. Why something is denied is found by <see cref="PlainRules"/>, which is slow.
/// </summary>
internal sealed record ProcessRules
{
    /// <summary>Characters of a path that is turned to bytes on the stack: a larger place would cost more to clear than to fill.</summary>
    private const int MaxShort = 80;

    private readonly PathTable _files;
    private readonly PathTable _programs;
    private readonly AddressTrie _v4;
    private readonly AddressTrie _v6;
    private readonly SyscallSet _blocked;
    private readonly SyscallSet _protected;
    private readonly bool _allowsFiles;
    private readonly bool _hasFileRules;
    private readonly bool _hasNetwork;

    public ProcessRules(ProcessPolicy policy, GuardMode mode)
    {
        Policy = policy;
        Mode = mode;
        _files = new(Patterns(policy.AllowedFiles, PathHit.Allow).Concat(Patterns(policy.BlockedFiles, PathHit.Deny)));
        _programs = new(Patterns(policy.AllowedExec ?? [], PathHit.Allow).Concat(Patterns(policy.BlockedFiles, PathHit.Deny)));
        var network = policy.AllowedNetwork.SelectMany(static r => r.Values.Select(static e => (Entry: e, Deny: false)))
            .Concat(policy.BlockedNetwork.SelectMany(static r => r.Values.Select(static e => (Entry: e, Deny: true)))).ToList();
        _v4 = new(network.Where(static n => n.Entry.Range.IsIPv4));
        _v6 = new(network.Where(static n => !n.Entry.Range.IsIPv4));
        _blocked = new(policy.BlockedSyscalls.SelectMany(static r => r.Values));
        _protected = new(policy.ProtectFrom.SelectMany(static r => r.Values));
        _allowsFiles = policy.AllowedFiles.Count > 0;
        _hasFileRules = _allowsFiles || policy.BlockedFiles.Count > 0;
        _hasNetwork = policy.AllowedNetwork.Count > 0;
    }

    public ProcessPolicy Policy { get; }

    /// <summary>In force for this process.</summary>
    public GuardMode Mode { get; init; }

    /// <summary>Whether the process may make the call.</summary>
    public bool Blocks(string syscall) => _blocked.Contains(syscall);

    /// <summary>Whether others are kept from doing this to the process.</summary>
    public bool ProtectsFrom(string syscall) => _protected.Contains(syscall);

    /// <param name="path">As the kernel names it, without a zero byte (there it ends); other forms are made canonical first.</param>
    public Denial JudgeFile(ReadOnlySpan<byte> path)
    {
        var hits = path.IsEmpty ? PathHit.Irregular : _files.Find(path);
        if ((hits & (PathHit.Irregular | PathHit.Deny)) != PathHit.None || path.Length > FilePath.MaxBytes)
        {
            return (hits & PathHit.Irregular) != PathHit.None || path.Length > FilePath.MaxBytes ? JudgeIrregular(path) : Denial.Blocked;
        }

        return _allowsFiles && (hits & PathHit.Allow) == PathHit.None ? Denial.Unauthorized : Denial.None;
    }

    /// <summary>Whether a program may be executed. Files that are blocked can't be executed either.</summary>
    public Denial JudgeExec(ReadOnlySpan<byte> path)
    {
        Span<byte> canonical = stackalloc byte[FilePath.MaxBytes];
        if (!FilePath.TryCanonical(path, canonical, out var length))
        {
            return Policy.AllowedExec is not null || _hasFileRules ? Denial.Unresolvable : Denial.None;
        }

        var hits = _programs.Find(canonical[..length]);
        return (hits & PathHit.Deny) != PathHit.None ? Denial.Blocked
            : Policy.AllowedExec is not null && (hits & PathHit.Allow) == PathHit.None ? Denial.Unauthorized
            : Denial.None;
    }

    /// <summary>
    /// Deny wins; no allowed list means no network. Attack: to listen on [::] is to listen on every IPv4 address too, so what is
    /// blocked for 0.0.0.0 is blocked for it.
    /// </summary>
    public Denial JudgeNetwork(in NetworkTarget target)
    {
        if (!_hasNetwork)
        {
            return Denial.NoNetwork;
        }

        var address = target.Compared;
        var hits = (address.IsIPv4 ? _v4 : _v6).Find(address, target.Port);
        if (address.IsNone)
        {
            hits |= _v4.Find(ClientAddress.FromIPv4(0), target.Port) & PortHit.DenyListen;
        }

        var (allow, deny) = target.Direction == NetworkDirection.Connect ? (PortHit.AllowConnect, PortHit.DenyConnect) : (PortHit.AllowListen, PortHit.DenyListen);
        return (hits & deny) != PortHit.None ? Denial.Blocked : (hits & allow) == PortHit.None ? Denial.Unauthorized : Denial.None;
    }

    public bool ExceedsMemory(int megabytes) => Policy.MaxMemoryMb > 0 && megabytes > Policy.MaxMemoryMb;

    public bool ExceedsCpu(int percent) => Policy.MaxCpuPercent > 0 && percent > Policy.MaxCpuPercent;

    /// <summary>For text; halves of surrogate pairs count as U+FFFD.</summary>
    public Denial JudgeFile(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return JudgeIrregular(default);
        }

        if (path.Length <= MaxShort)
        {
            Span<byte> utf8 = stackalloc byte[MaxShort * 3];
            return JudgeFile(utf8[..Encoding.UTF8.GetBytes(path, utf8)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(path.Length));
        try
        {
            return JudgeFile(rented.AsSpan(0, Encoding.UTF8.GetBytes(path, rented)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private Denial JudgeIrregular(ReadOnlySpan<byte> path)
    {
        Span<byte> canonical = stackalloc byte[FilePath.MaxBytes];
        if (!FilePath.TryCanonical(path, canonical, out var length))
        {
            return _hasFileRules ? Denial.Unresolvable : Denial.None;
        }

        var hits = _files.Find(canonical[..length]);
        return (hits & PathHit.Deny) != PathHit.None ? Denial.Blocked : _allowsFiles && (hits & PathHit.Allow) == PathHit.None ? Denial.Unauthorized : Denial.None;
    }

    private static IEnumerable<(PathPattern, PathHit)> Patterns(IEnumerable<PolicyRule<PathPattern>> rules, PathHit hit) =>
        rules.SelectMany(static r => r.Values).Select(p => (p, hit));
}
