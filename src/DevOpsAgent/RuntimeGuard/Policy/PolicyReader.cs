using System.Globalization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>Reads a policy from the text of its file. Never throws.</summary>
internal static class PolicyReader
{
    private const int MaxMiddleStars = 16;

    /// <param name="resolve">The path behind links: /bin/sh to /usr/bin/dash; null where there are none.</param>
    /// <returns>Null: problems say what is wrong, each with file, line and column.</returns>
    public static GuardPolicy? Read(string text, string file, Func<string, string?> resolve, List<ConfigProblem> problems)
    {
        var before = problems.Count;
        if (!YamlTree.TryRead(text, file, problems, out var root))
        {
            return null;
        }

        var reader = new KeyReader(file, null, problems);
        if (root is not ConfigMap map)
        {
            reader.Report(root, $"must be a group of keys with 'processes:' among them, not {KeyReader.Kind(root)}");
            return null;
        }

        var policy = new GuardPolicy { File = file };
        new PolicyKeys(resolve).File.TryRead(map, "", reader, ref policy, null);
        if (problems.Count == before && policy.Processes.Count == 0)
        {
            reader.Report(root, "policy has no process definitions; add 'processes:' and below it the name of a process");
        }

        var warnings = new List<ConfigProblem>();
        foreach (var process in policy.Processes)
        {
            Check(process, reader, file, warnings);
        }

        return problems.Count == before ? policy with { Warnings = warnings } : null;
    }

    private static void Check(ProcessPolicy process, KeyReader reader, string file, List<ConfigProblem> warnings)
    {
        foreach (var rules in new[] { process.AllowedFiles, process.BlockedFiles, process.AllowedExec ?? [] })
        {
            var stars = rules.Where(static r => r.Text != RuntimeBaseline.Name && r.Values[0].Components is not null).ToList();
            if (stars.Count > MaxMiddleStars)
            {
                reader.Report(At(stars[MaxMiddleStars]), string.Create(CultureInfo.InvariantCulture, $"'{stars[MaxMiddleStars].Text}' is the pattern number {MaxMiddleStars + 1} of '{process.Name}' with * before its end; at most {MaxMiddleStars} are possible: each costs time at every call"));
            }

            foreach (var self in rules.Where(static r => r.Text.StartsWith("/proc/self/", StringComparison.Ordinal)))
            {
                warnings.Add(new(file, self.Line, self.Column, $"'{self.Text}' never matches: the kernel names the directory by its number; write /proc/*/{self.Text[11..]}"));
            }
        }

        foreach (var rule in process.BlockedFiles.Where(static r => r.Text == RuntimeBaseline.Name))
        {
            warnings.Add(new(file, rule.Line, rule.Column, $"'{rule.Text}' in 'blocked_files' of '{process.Name}': no program could start"));
        }

        if (process.BlockedNetwork.Count > 0 && process.AllowedNetwork.Count == 0)
        {
            warnings.Add(new(file, process.BlockedNetwork[0].Line, process.BlockedNetwork[0].Column, $"'blocked_network' of '{process.Name}' adds nothing: without 'allowed_network' it has no network at all; for all but these write allowed_network: [\"*\"]"));
        }

        if (process.AllowedFiles.Count > 0 && !process.AllowedFiles.Any(static r => r.Text is RuntimeBaseline.Name or "/*"))
        {
            warnings.Add(new(file, process.AllowedFiles[0].Line, process.AllowedFiles[0].Column, $"'allowed_files' of '{process.Name}' has no {RuntimeBaseline.Name}: its loader and C library are not allowed; under enforce it can't start"));
        }

        foreach (var rule in process.AllowedNetwork.Where(static r => r.Values[0].Range.PrefixLength == 0 && r.Values[0] is { FirstPort: 0, LastPort: ushort.MaxValue, Direction: NetworkDirection.Both } && r.Text != "*"))
        {
            warnings.Add(new(file, rule.Line, rule.Column, $"'{rule.Text}' in 'allowed_network' of '{process.Name}' allows every address and port, both ways"));
        }
    }

    private static ConfigScalar At(PolicyRule<PathPattern> rule) => new(rule.Text, true, rule.Line, rule.Column);
}
