using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DevOpsAgent.Tests;

/// <summary>Who may use whom, read from the compiler's symbols: a comment or a string with a folder's name doesn't count, a fully qualified use does.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Folder under src/DevOpsAgent → the folders it may use.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Addresses"] = [],
        ["Configuration"] = ["Addresses"],
        ["Logs"] = ["Addresses", "Configuration"],
        ["Detection"] = ["Addresses", "Configuration", "Logs"],
        ["Incidents"] = ["Addresses", "Configuration", "Detection", "Blocking", "Guards", "Store"],
        ["Store"] = ["Addresses", "Configuration", "Detection", "Incidents", "Blocking", "Logs", "Guards"],
        ["Guards"] = ["Addresses", "Configuration", "Detection", "Incidents", "Blocking", "Store", "Signing"],
        ["Blocking"] = ["Addresses", "Configuration", "Detection", "Incidents", "Guards", "Store"],
        ["Traefik"] = ["Addresses", "Configuration", "Blocking"],
        ["Signing"] = [],
        ["Audit"] = ["Configuration", "Signing"],
        ["Exec"] = ["Configuration", "Audit", "Guards", "Signing"],
        ["Service"] = ["Addresses", "Configuration", "Logs", "Detection", "Incidents", "Blocking", "Guards", "Traefik", "Store", "Signing", "Audit", "Exec"],
    };

    /// <summary>Folder → namespaces and types outside the project that it must not know.</summary>
    private static readonly Dictionary<string, string[]> Forbidden = new(StringComparer.Ordinal)
    {
        ["Addresses"] = ["System.IO", "Microsoft.Data", "System.Net.Http", "System.TimeProvider"],
        ["Logs"] = ["Microsoft.Data", "System.Net.Http", "System.Data"],
        ["Detection"] = ["Microsoft.Data", "System.Net.Http", "System.Data", "System.TimeProvider", "System.Net.Sockets"],
        ["Guards"] = ["Microsoft.Data", "System.Net.Http"],
        ["*"] = ["System.Console", "Microsoft.AspNetCore", "System.CommandLine", "Spectre.Console", "DevOpsAgent.App"],
    };

    /// <summary>Namespace outside the project → the only place that may know it.</summary>
    private static readonly Dictionary<string, string> Only = new(StringComparer.Ordinal) { ["Npgsql"] = "Audit/Mirror/" };

    private const string PlantedViolation = """
        namespace DevOpsAgent.Detection;
        internal static class Planted
        {
            internal static object Clock => System.TimeProvider.System;
            internal static DevOpsAgent.Store.IStore? Store => null;
            internal static Npgsql.NpgsqlConnection? Database => null;
            internal static void Say() => global::System.Console.WriteLine();
        }
        """;

    // Compiled once, with the planted file among the real ones.
    private static readonly Lazy<List<string>> Found = new(static () =>
        Violations([.. Sources(), CSharpSyntaxTree.ParseText(PlantedViolation, path: "Detection/Planted.cs")]));

    [Fact]
    public void Folders_use_only_what_the_table_allows() => Found.Value.Where(static v => !v.Contains("Planted.cs")).ShouldBeEmpty();

    [Fact]
    public void A_planted_violation_is_found()
    {
        var found = Found.Value;
        found.ShouldContain(v => v.Contains("Planted.cs") && v.Contains("System.TimeProvider"));
        found.ShouldContain(v => v.Contains("Planted.cs") && v.Contains("Store"));
        found.ShouldContain(v => v.Contains("Planted.cs") && v.Contains("System.Console"));
        found.ShouldContain(v => v.Contains("Planted.cs") && v.Contains("only Audit/Mirror/ may know Npgsql"));
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

    private static List<string> Violations(IReadOnlyList<SyntaxTree> trees)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static p => Path.GetFileName(p) is not ("DevOpsAgent.dll" or "devops-agent.dll"))
            .Select(static p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create("architecture", trees, references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var tree in trees)
        {
            var folder = tree.FilePath.Split('/')[0];
            if (!Allowed.TryGetValue(folder, out var allowed))
            {
                continue;
            }

            var model = compilation.GetSemanticModel(tree);
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                var symbol = model.GetSymbolInfo(name).Symbol;
                var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
                if (type is null)
                {
                    continue;
                }

                var full = type.OriginalDefinition.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat);
                var where = $"{tree.FilePath}:{name.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";
                if (full.StartsWith("DevOpsAgent.", StringComparison.Ordinal))
                {
                    var used = full.Split('.')[1];
                    if (used != folder && Allowed.ContainsKey(used) && !allowed.Contains(used))
                    {
                        found.Add($"{where} {folder} must not use {used} ({full})");
                    }
                }

                foreach (var (known, place) in Only)
                {
                    if (full.StartsWith(known + ".", StringComparison.Ordinal) && !tree.FilePath.StartsWith(place, StringComparison.Ordinal))
                    {
                        found.Add($"{where} only {place} may know {known} ({full})");
                    }
                }

                foreach (var banned in Forbidden["*"].Concat(Forbidden.GetValueOrDefault(folder, [])))
                {
                    if (full == banned || full.StartsWith(banned + ".", StringComparison.Ordinal))
                    {
                        found.Add($"{where} {folder} must not know {banned} ({full})");
                    }
                }
            }
        }

        return [.. found];
    }

    private static List<SyntaxTree> Sources()
    {
        var root = Path.Combine(SourceRoot(), "src", "DevOpsAgent");
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        var trees = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(static f => !IsOutput(f))
            .Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), options, Path.GetRelativePath(root, f).Replace('\\', '/')))
            .ToList();
        trees.Add(CSharpSyntaxTree.ParseText("""
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
            """, options, "GlobalUsings.cs"));
        return trees;
    }

    private static string SourceRoot([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));
}
