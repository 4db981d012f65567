using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Backends;

/// <summary>A rule that a backend can't enforce.</summary>
/// <param name="Key">blocked_files, max_memory_mb, ...</param>
/// <param name="Rule">As written.</param>
/// <param name="Line">In the policy file.</param>
/// <param name="Instead">What the backend does.</param>
internal sealed record UnmetRule(string Process, string Key, string Rule, int Line, Enforcement Instead)
{
    /// <summary>
    /// Rules of processes in mode enforce that the backend neither blocks nor answers with a kill in time; and in any mode those that it
    /// doesn't even see. A list of many entries is named once for each.
    /// </summary>
    public static IReadOnlyList<UnmetRule> Of(CompiledPolicy policy, BackendAbilities abilities)
    {
        var unmet = new List<UnmetRule>();
        foreach (var rules in policy.Policy.Processes.Select(p => policy.ByName[p.Name]))
        {
            var p = rules.Policy;
            void Ask<T>(string key, IEnumerable<PolicyRule<T>> asked, Func<T, Enforcement> able)
            {
                foreach (var rule in asked)
                {
                    Add(key, rule.Text, rule.Line, rule.Values.Count == 0 ? Enforcement.None : rule.Values.Min(able));
                }
            }

            void Add(string key, string rule, int line, Enforcement able)
            {
                if (able == Enforcement.None || rules.Mode == GuardMode.Enforce && able < Enforcement.Kill)
                {
                    unmet.Add(new(p.Name, key, rule, line, able));
                }
            }

            Ask("allowed_exec", p.AllowedExec ?? [], _ => abilities.Exec);
            if (p.AllowedExec is { Count: 0 })
            {
                Add("allowed_exec", "[]", p.Line, abilities.Exec);
            }

            Ask("blocked_syscalls", p.BlockedSyscalls, abilities.Syscall);
            Ask("protect_from", p.ProtectFrom, abilities.Protection);
            Ask("allowed_files", p.AllowedFiles, _ => abilities.Files);
            Ask("blocked_files", p.BlockedFiles, _ => abilities.Files);
            Ask("allowed_network", p.AllowedNetwork, e => Network(e.Direction));
            Ask("blocked_network", p.BlockedNetwork, e => Network(e.Direction));
            if (p.AllowedNetwork.Count == 0)
            {
                Add("allowed_network", "[]", p.Line, Network(NetworkDirection.Both));
            }

            if (p.MaxMemoryMb > 0)
            {
                Add("max_memory_mb", p.MaxMemoryMb.ToString(System.Globalization.CultureInfo.InvariantCulture), p.Line, abilities.Memory);
            }

            if (p.MaxCpuPercent > 0)
            {
                Add("max_cpu_percent", p.MaxCpuPercent.ToString(System.Globalization.CultureInfo.InvariantCulture), p.Line, abilities.Cpu);
            }
        }

        return unmet;

        Enforcement Network(NetworkDirection direction) => direction switch
        {
            NetworkDirection.Connect => abilities.Connect,
            NetworkDirection.Listen => abilities.Listen,
            _ => (Enforcement)Math.Min((int)abilities.Connect, (int)abilities.Listen),
        };
    }

    /// <summary>One sentence for each list and what becomes of it; every rule is named in it.</summary>
    public static IReadOnlyList<string> Sentences(IReadOnlyList<UnmetRule> unmet) =>
    [
        .. unmet.GroupBy(static u => (u.Process, u.Key, u.Instead)).Select(static g =>
            $"{g.Key.Process} (line {g.First().Line}): {g.Key.Key}: {string.Join(", ", g.Select(static u => u.Rule))} {Fate(g.Key.Instead)}"),
    ];

    public override string ToString() => $"{Key}: {Rule} of {Process} {Fate(Instead)}";

    private static string Fate(Enforcement instead) => instead switch
    {
        Enforcement.None => "can't be enforced: it is not seen",
        Enforcement.Observe => "can't be enforced: it is only observed, after the fact",
        _ => "ends in a kill, which may come after the effect",
    };
}
