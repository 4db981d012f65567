namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>Each cell of the table for the backend of tracepoints and cgroups, on this machine's kernel.</summary>
[Collection(Name)]
public sealed class TracepointTests
{
    /// <summary>One guard at a time: tests with this name don't run beside each other.</summary>
    public const string Name = "guard-kernel";

    [Fact]
    public async Task Every_scenario_ends_as_the_table_says()
    {
        var scenarios = KernelScenario.All.Where(static s => !s.GuestOnly).ToList();
        await using var rig = await KernelRig.StartAsync(scenarios, folder => KernelScenario.PolicyOf(scenarios, folder));
        var results = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var scenario in scenarios)
        {
            results[scenario.Name] = await RunAsync(rig, scenario);
        }

        await Eventually.True(() => scenarios.All(s => !s.Tracepoint.Contains(';', StringComparison.Ordinal) || rig.Violations.Any(v => v.ProcessName == s.Name)), "every violation reported", () => string.Join("; ", scenarios.Where(s => s.Tracepoint.Contains(';', StringComparison.Ordinal) && rig.Violations.All(v => v.ProcessName != s.Name))));
        var seen = rig.Violations.ToLookup(static v => v.ProcessName, static v => (v.Type, v.Action), StringComparer.Ordinal);
        KernelScenario.Differences(scenarios, results, seen, static s => s.Tracepoint).ShouldBeEmpty();
        rig.Backend.Losses.Kernel.ShouldBe(0);
        File.Exists(Path.Combine(rig.Folder, "work", "cloned")).ShouldBeFalse("the child was never there");
    }

    private static async Task<string> RunAsync(KernelRig rig, KernelScenario scenario)
    {
        var arguments = scenario.Arguments(rig.Folder);
        if (!scenario.ByAnother)
        {
            return await rig.RunAsync(scenario.Name, arguments);
        }

        using var victim = Shell.Start(Path.Combine(rig.Folder, "t", scenario.Name), ["when", rig.Folder + "/never", "x"]);
        await Eventually.True(() => rig.Backend.Guarded.ContainsKey(scenario.Name), "guarded from its exec on");
        var result = await rig.RunAsync("other", [.. arguments.Select(a => a.Replace("{pid}", victim.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal))]);
        victim.Kill();
        return result;
    }
}
