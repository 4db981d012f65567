using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Tests.RuntimeGuard;

/// <summary>Policies from text, without a file and without links.</summary>
internal static class PolicyText
{
    public static GuardPolicy Read(string yaml)
    {
        var problems = new List<ConfigProblem>();
        var policy = PolicyReader.Read(yaml, "policy.yaml", static _ => null, problems);
        problems.ShouldBeEmpty();
        return policy.ShouldNotBeNull();
    }

    /// <summary>One process "app" with these lines.</summary>
    public static GuardPolicy App(string lines, string mode = "enforce") =>
        Read($"mode: {mode}\nprocesses:\n  app:\n    " + lines.Replace("\n", "\n    ", StringComparison.Ordinal));

    public static GuardEngine Engine(string lines, string mode = "enforce") => new(App(lines, mode), TimeProvider.System);

    public static string Case(string name, string file = "policy.yaml") => Path.Combine(AppContext.BaseDirectory, "Cases", "runtime-guard", name, file);

    public static GuardPolicy Sample() => Read(File.ReadAllText(Case("go-sample")));
}
