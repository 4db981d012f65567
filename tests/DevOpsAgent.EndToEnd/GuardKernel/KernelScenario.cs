using System.Text;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>One line of Cases/guard-kernel/scenarios.txt.</summary>
/// <param name="GuestOnly">It would leave something behind on this machine.</param>
internal sealed record KernelScenario(string Name, string Policy, string Does, string Lsm, string Tracepoint, bool GuestOnly)
{
    /// <summary>A path of 140 components: more than the kernel's programs follow.</summary>
    private static readonly string s_deep = string.Concat(Enumerable.Repeat("/d", 140));

    public static IReadOnlyList<KernelScenario> All { get; } =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Cases", "guard-kernel", "scenarios.txt"))
            .Where(static l => l.Length > 0 && l[0] != '#')
            .Select(static l => l.Split('|', StringSplitOptions.TrimEntries))
            .Select(static f => new KernelScenario(f[0].Replace("guest ", "", StringComparison.Ordinal), f[1], f[2], f[3], f[4], f[0].StartsWith("guest ", StringComparison.Ordinal))),
    ];

    /// <summary>Done by another process to this one.</summary>
    public bool ByAnother => Does.StartsWith('!');

    public string[] Arguments(string folder) => Does.TrimStart('!').Trim().Replace("{deep}", s_deep, StringComparison.Ordinal).Replace("@", folder, StringComparison.Ordinal).Split(' ');

    /// <summary>A policy file of all scenarios: each has an executable of its own.</summary>
    public static string PolicyOf(IEnumerable<KernelScenario> scenarios, string folder)
    {
        var text = new StringBuilder("version: \"1.0\"\nmode: enforce\non_agent_exit: release\nprocesses:\n");
        foreach (var scenario in scenarios)
        {
            var network = scenario.Policy.Contains("allowed_network", StringComparison.Ordinal) ? "" : ", allowed_network: [\"*\"]";
            text.Append($"  {scenario.Name}: {{exe: \"@/t/{scenario.Name}\", {scenario.Policy}{network}}}\n".Replace("@", folder, StringComparison.Ordinal));
        }

        return text.ToString();
    }

    /// <summary>Shell that makes what the scenarios need in a folder; $1: the folder, $2: the trigger.</summary>
    public static string Preparation(IEnumerable<KernelScenario> scenarios) => $$"""
        set -e
        F=$1
        mkdir -p $F/t $F/work $F/dir/a $F/mounted $F/work/mount $F/work/mount2 $F/deep{{s_deep}}
        for f in secret plain dirx dir/a/b work/keep work/keep2 work/from work/from2; do echo x > $F/$f; done
        echo x > $F/deep{{s_deep}}/file
        for n in other evil {{string.Join(' ', scenarios.Select(static s => s.Name))}}; do cp $2 $F/t/$n; done
        ln -s $F/t/evil $F/work/to-evil
        printf '#!%s\n' $F/t/other > $F/script; chmod 755 $F/script
        """;

    /// <summary>What came out otherwise than the file says; empty: nothing.</summary>
    public static IReadOnlyList<string> Differences(IEnumerable<KernelScenario> scenarios, IReadOnlyDictionary<string, string> results, ILookup<string, (string, string)> seen, Func<KernelScenario, string> expected) =>
    [
        .. scenarios.Select(s => (s.Name, Expected: expected(s), Actual: Outcome(results.GetValueOrDefault(s.Name, "nothing"), seen[s.Name])))
            .Where(static s => s.Expected != s.Actual).Select(static s => $"{s.Name}: {s.Actual} instead of {s.Expected}"),
    ];

    /// <summary>"EPERM; file blocked": what came of it and the kinds of violations, in the form of the file.</summary>
    private static string Outcome(string result, IEnumerable<(string Type, string Action)> violations) =>
        string.Join("; ", violations.Select(static v => $"{v.Type} {v.Action}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Prepend(result));
}
