using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf.Tables;

/// <summary>The policy of one process as the kernel's tables want it.</summary>
internal sealed class RulesetTable
{
    private const uint FileAllow = 1, Deny = 2, ExecAllow = 4;

    private readonly Dictionary<RuleKey, RuleValue> _rules = [];
    private readonly PathHash _hash;
    private int _stars;
    private Ruleset _header;

    /// <param name="refusedByHooks">System calls that a hook of the backend refuses, so that nobody needs to be killed for them.</param>
    public unsafe RulesetTable(ProcessPolicy policy, GuardMode mode, PathHash hash, Func<string, bool> refusedByHooks)
    {
        _hash = hash;
        foreach (var (list, hit) in new[] { (policy.AllowedFiles, FileAllow), (policy.BlockedFiles, Deny), (policy.AllowedExec ?? [], ExecAllow) })
        {
            foreach (var pattern in list.SelectMany(static r => r.Values))
            {
                Add(policy, pattern, hit);
            }
        }

        Network = new(policy);
        _header.Mode = (uint)mode;
        var flags = RulesetFlags.None;
        flags |= policy.AllowedFiles.Count > 0 ? RulesetFlags.AllowsFiles | RulesetFlags.HasFileRules : RulesetFlags.None;
        flags |= policy.BlockedFiles.Count > 0 ? RulesetFlags.HasFileRules : RulesetFlags.None;
        flags |= policy.AllowedExec is not null ? RulesetFlags.HasExecList : RulesetFlags.None;
        flags |= policy.AllowedNetwork.Count > 0 ? RulesetFlags.HasNetwork : RulesetFlags.None;
        flags |= AllowsAll(policy) ? RulesetFlags.None : RulesetFlags.LimitsNetwork;
        flags |= _stars > 0 ? RulesetFlags.HasStars : RulesetFlags.None;
        fixed (ulong* blocked = _header.Blocked, kills = _header.Kills, guarded = _header.GuardedFrom)
        {
            foreach (var call in CallFamily.Widen(policy.BlockedSyscalls.SelectMany(static r => r.Values)))
            {
                if (Set(blocked, call) && !refusedByHooks(call))
                {
                    Set(kills, call);
                    flags |= RulesetFlags.HasKills;
                }
            }

            foreach (var call in policy.ProtectFrom.SelectMany(static r => r.Values))
            {
                Protects |= Set(guarded, call);
            }
        }

        _header.Flags = flags;
    }

    public ref readonly Ruleset Header => ref _header;

    public IReadOnlyDictionary<RuleKey, RuleValue> Rules => _rules;

    public NetworkTable Network { get; }

    /// <summary>Whether it has protect_from.</summary>
    public bool Protects { get; }

    private static bool AllowsAll(ProcessPolicy policy)
    {
        var open = policy.AllowedNetwork.SelectMany(static r => r.Values).Where(static e => e is { Direction: NetworkDirection.Both, FirstPort: 0, LastPort: ushort.MaxValue, Range.PrefixLength: 0 }).ToList();
        return policy.BlockedNetwork.Count == 0 && open.Exists(static e => e.Range.IsIPv4) && open.Exists(static e => !e.Range.IsIPv4);
    }

    private static unsafe bool Set(ulong* bits, string call)
    {
        if (!Syscalls.TryNumber(call, out var number) || number < 0 || number >= Limits.Syscalls)
        {
            return false;
        }

        bits[number >> 6] |= 1UL << (number & 63);
        return true;
    }

    private void Add(ProcessPolicy policy, PathPattern pattern, uint hit)
    {
        if (pattern.Components is { } components)
        {
            AddStars(policy, pattern, components, hit);
            return;
        }

        var (a, b) = _hash.Path(pattern.Path);
        var key = new RuleKey(a, b, RuleKind.Path, 0);
        var value = _rules.GetValueOrDefault(key);
        value[0] |= pattern.Path.Length > 0 ? hit : 0;
        value[1] |= pattern.IsTree ? hit : 0;
        _rules[key] = value;
    }

    private unsafe void AddStars(ProcessPolicy policy, PathPattern pattern, byte[][] components, uint hit)
    {
        if (components.Length > Limits.StarComponents || _stars == Limits.StarPatterns)
        {
            throw new KernelLimitException($"{policy.Name} (line {policy.Line}): {pattern.Text} is too much for the kernel's tables: at most {Limits.StarComponents} components in a pattern with *, and {Limits.StarPatterns} such patterns");
        }

        var word = _stars >> 6;
        var bit = 1UL << (_stars & 63);
        _stars++;
        for (var i = 0; i < components.Length; i++)
        {
            if (components[i] is [(byte)'*'])
            {
                _header.StarAny[i * 2 + word] |= bit;
                continue;
            }

            var (a, b) = _hash.Component(components[i]);
            var key = new RuleKey(a, b, RuleKind.Component, (uint)i);
            var value = _rules.GetValueOrDefault(key);
            value[word] |= bit;
            _rules[key] = value;
        }

        if (pattern.IsTree)
        {
            _header.StarTree[components.Length * 2 + word] |= bit;
        }
        else
        {
            _header.StarExact[components.Length * 2 + word] |= bit;
        }

        for (var h = 0; h < 3; h++)
        {
            if ((hit >> h & 1) != 0)
            {
                _header.StarHits[h * 2 + word] |= bit;
            }
        }
    }
}

/// <summary>A policy that the kernel's tables have no place for.</summary>
internal sealed class KernelLimitException(string message) : InvalidOperationException(message);
