using System.Reflection;
using System.Runtime.CompilerServices;

namespace DevOpsAgent.Tests;

/// <summary>Who may use whom, read from the compiled code: a comment or a string with a folder's name doesn't count, a fully qualified or inferred use does.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Folder under src/DevOpsAgent → the folders it may use.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Addresses"] = [],
        ["Files"] = [],
        ["Configuration"] = ["Addresses"],
        ["Logs"] = ["Addresses", "Configuration"],
        ["LogStore"] = ["Addresses", "Configuration", "Logs"],
        ["Detection"] = ["Addresses", "Configuration", "Logs"],
        ["Incidents"] = ["Addresses", "Configuration", "Detection", "Blocking", "Guards", "Store"],
        ["Agent"] = ["Addresses", "Configuration", "Logs", "Detection", "Incidents", "Blocking", "Guards", "Store"],
        ["Store"] = ["Agent", "Addresses", "Configuration", "Detection", "Incidents", "Blocking", "Logs", "Guards"],
        ["Guards"] = ["Addresses", "Configuration", "Detection", "Incidents", "Blocking", "Store", "Signing"],
        ["Blocking"] = ["Addresses", "Configuration", "Detection", "Incidents", "Guards", "Store"],
        ["Traefik"] = ["Addresses", "Configuration", "Blocking", "Files"],
        ["Kubernetes"] = ["Addresses", "Configuration", "Blocking", "Guards", "Traefik", "Exec"],
        ["Signing"] = ["Files"],
        ["Audit"] = ["Configuration", "Files", "Signing"],
        ["Exec"] = ["Configuration", "Audit", "Guards", "Signing"],
        ["RuntimeGuard"] = ["Addresses", "Configuration", "Guards"],
        ["Service"] = ["Addresses", "Configuration", "Logs", "LogStore", "Detection", "Incidents", "Blocking", "Guards", "Traefik", "Store", "Signing", "Audit", "Exec", "Kubernetes", "RuntimeGuard", "Agent"],
    };

    /// <summary>Folder → namespaces and types outside the project that it must not know.</summary>
    private static readonly Dictionary<string, string[]> Forbidden = new(StringComparer.Ordinal)
    {
        ["Addresses"] = ["System.IO", "Microsoft.Data", "System.Net.Http", "System.TimeProvider"],
        ["Logs"] = ["Microsoft.Data", "System.Net.Http", "System.Data"],
        ["LogStore"] = ["Microsoft.Data", "System.Net.Http", "System.Data", "System.Net.Sockets"],
        ["Detection"] = ["Microsoft.Data", "System.Net.Http", "System.Data", "System.TimeProvider", "System.Net.Sockets"],
        ["Guards"] = ["Microsoft.Data", "System.Net.Http"],
        ["RuntimeGuard"] = ["Microsoft.Data", "System.Net.Http", "System.Data"],
        ["RuntimeGuard.Policy"] = ["System.TimeProvider", "System.IO.File", "System.Net.Sockets", "System.Diagnostics.Process"],
        ["*"] = ["System.Console", "Microsoft.AspNetCore", "System.CommandLine", "Spectre.Console", "DevOpsAgent.App"],
    };

    /// <summary>Namespace → what it may know although its folder must not.</summary>
    private static readonly Dictionary<string, string[]> Excepted = new(StringComparer.Ordinal) { ["RuntimeGuard.Alerts"] = ["System.Net.Http"], ["Logs.Elasticsearch"] = ["System.Net.Http"] };

    /// <summary>Namespace outside the project → the only namespace under DevOpsAgent that may know it.</summary>
    private static readonly Dictionary<string, string> Only = new(StringComparer.Ordinal) { ["Npgsql"] = "Audit.Mirror", ["OpenAI"] = "Agent.Llm", ["Anthropic"] = "Agent.Llm" };

    private static readonly Lazy<SortedSet<string>> Found = new(static () => Violations(typeof(DevOpsAgent.Configuration.AgentConfig).Assembly));

    [Fact]
    public void Folders_use_only_what_the_table_allows() => Found.Value.ShouldBeEmpty();

    [Fact]
    public void A_planted_violation_is_found()
    {
        var found = Violations(typeof(ArchitectureTests).Assembly);
        found.ShouldContain("Detection.PlantedViolation Detection must not know System.TimeProvider (System.TimeProvider)");
        found.ShouldContain("Detection.PlantedViolation Detection must not use Store (DevOpsAgent.Store.IStore)");
        found.ShouldContain("Detection.PlantedViolation Detection must not know System.Console (System.Console)");
        found.ShouldContain("Detection.PlantedViolation only Audit.Mirror may know Npgsql (Npgsql.NpgsqlConnection)");
    }

    [Fact]
    public void Every_folder_is_in_the_table()
    {
        var root = Path.Combine(SourceRoot(), "src", "DevOpsAgent");
        Directory.GetDirectories(root).Select(static d => Path.GetFileName(d)!)
            .Where(static d => d is not ("bin" or "obj"))
            .Except(Allowed.Keys, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void Files_stay_under_400_lines()
    {
        string[] folders = ["src", "tests", "benchmarks"];
        var long400 = folders.Select(static f => Path.Combine(SourceRoot(), f)).Where(Directory.Exists)
            .SelectMany(static f => Directory.EnumerateFiles(f, "*.*", SearchOption.AllDirectories))
            .Where(static f => Path.GetExtension(f) is ".cs" or ".js" or ".css" or ".html" && !IsOutput(f))
            .Where(static f => File.ReadLines(f).Count() > 400);
        long400.ShouldBeEmpty();
    }

    private static bool IsOutput(string file) =>
        file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}") || file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}");

    private static SortedSet<string> Violations(Assembly assembly)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in assembly.GetTypes())
        {
            var outer = type;
            while (outer.DeclaringType is { } declaring)
            {
                outer = declaring;
            }

            var place = outer.Namespace?.StartsWith("DevOpsAgent.", StringComparison.Ordinal) == true ? outer.Namespace["DevOpsAgent.".Length..] : "";
            var folder = place.Split('.')[0];
            if (!Allowed.TryGetValue(folder, out var allowed))
            {
                continue;
            }

            foreach (var used in UsedTypes.Of(type))
            {
                var full = used.FullName ?? used.Name;
                var where = $"{place}.{outer.Name}";
                if (full.StartsWith("DevOpsAgent.", StringComparison.Ordinal) && full.Split('.')[1] is var other && other != folder && Allowed.ContainsKey(other) && !allowed.Contains(other))
                {
                    found.Add($"{where} {folder} must not use {other} ({full})");
                }

                foreach (var (known, owner) in Only.Where(o => full.StartsWith(o.Key + ".", StringComparison.Ordinal) && place != o.Value))
                {
                    found.Add($"{where} only {owner} may know {known} ({full})");
                }

                foreach (var banned in Forbidden["*"].Concat(Forbidden.GetValueOrDefault(folder, []).Except(Excepted.GetValueOrDefault(place, []), StringComparer.Ordinal)).Concat(place == folder ? [] : Forbidden.GetValueOrDefault(place, [])).Where(b => full == b || full.StartsWith(b + ".", StringComparison.Ordinal)))
                {
                    found.Add($"{where} {folder} must not know {banned} ({full})");
                }
            }
        }

        return found;
    }

    private static string SourceRoot([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));
}
