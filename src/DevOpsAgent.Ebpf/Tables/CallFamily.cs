using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf.Tables;

/// <summary>System calls that do the same: who blocks one means all, and libc chooses which of them it makes.</summary>
internal static class CallFamily
{
    private static readonly string[] s_forks = ["fork", "vfork", "clone", "clone3"];
    private static readonly string[] s_executes = ["execve", "execveat"];
    private static readonly string[][] s_families = [s_forks, s_executes];

    public static IReadOnlyList<string> Widen(IEnumerable<string> blocked)
    {
        var names = blocked.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var family in s_families.Where(f => names.Exists(n => f.Contains(n, StringComparer.OrdinalIgnoreCase))).ToList())
        {
            names.AddRange(family.Where(f => !names.Contains(f, StringComparer.OrdinalIgnoreCase)));
        }

        return names;
    }

    /// <summary>The call of a family that the policy names: what a violation is about.</summary>
    public static string Named(string call, ProcessRules rules) =>
        rules.Blocks(call) ? call : s_families.FirstOrDefault(f => f.Contains(call, StringComparer.OrdinalIgnoreCase))?.FirstOrDefault(rules.Blocks) ?? call;
}
