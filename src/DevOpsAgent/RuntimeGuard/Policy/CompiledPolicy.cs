using System.Collections.Frozen;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>A policy ready to be asked, with the modes in force. Immutable: a change of mode or rules is a new one.</summary>
internal sealed class CompiledPolicy
{
    private readonly ProcessRules[] _byPrecision;

    private CompiledPolicy(GuardPolicy policy, GuardMode mode, IEnumerable<ProcessRules> rules)
    {
        Policy = policy;
        Mode = mode;
        ByName = rules.ToFrozenDictionary(static r => r.Policy.Name, StringComparer.Ordinal);
        _byPrecision = [.. policy.Processes.Select(p => ByName[p.Name]).OrderByDescending(static r => r.Policy.Selectors.Precision)];
    }

    public GuardPolicy Policy { get; }

    /// <summary>Of processes that have none of their own.</summary>
    public GuardMode Mode { get; }

    public FrozenDictionary<string, ProcessRules> ByName { get; }

    public static CompiledPolicy Of(GuardPolicy policy) =>
        new(policy, policy.Mode, policy.Processes.Select(p => new ProcessRules(p, p.Mode ?? policy.Mode)));

    /// <summary>The same rules in other modes.</summary>
    public CompiledPolicy In(GuardMode mode, IReadOnlyDictionary<string, GuardMode> ofProcesses) =>
        new(Policy, mode, ByName.Values.Select(r => r with { Mode = ofProcesses.TryGetValue(r.Policy.Name, out var own) ? own : r.Policy.Mode ?? mode }));

    /// <summary>The policy for a process by its selectors; where several fit, the one that asks for more, then the earlier. Null: not guarded.</summary>
    public ProcessRules? Select(string exe, string cgroup, int uid)
    {
        foreach (var rules in _byPrecision)
        {
            if (rules.Policy.Selectors.Match(rules.Policy.Name, exe, cgroup, uid))
            {
                return rules;
            }
        }

        return null;
    }
}
