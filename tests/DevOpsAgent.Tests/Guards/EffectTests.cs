using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using DevOpsAgent.App;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.Web;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Guards;

/// <summary>
/// Every effect goes through the gateway. Read from the compiler's symbols: what writes to the store or the target is called
/// only from the types below; what these offer to others demands a permit; and a permit is made only by the gateway.
/// </summary>
public sealed class EffectTests
{
    /// <summary>What changes the store or the target for good, by the type that declares it.</summary>
    private static readonly Dictionary<string, string[]> Writes = new(StringComparer.Ordinal)
    {
        ["DevOpsAgent.Store.IStore"] =
        [
            "TryTransition", "TryTransitionAndLift", "Commit", "AddBlock", "AddBlocks", "UpdateBlock", "AddAction", "CompleteAction",
            "AddAllowlistEntry", "RemoveAllowlistEntry", "UpdateAllowlistEntry", "SaveAllowlist", "SetSetting", "Prune",
        ],
        ["DevOpsAgent.Blocking.IBlockTarget"] = ["ApplyAsync"],
        ["DevOpsAgent.Blocking.BlockLedger"] = ["Lift", "IntendLift"],
        ["DevOpsAgent.Blocking.PendingBlocks"] = ["Add"],
    };

    /// <summary>Who may write, and how: by permit, or why it needs none.</summary>
    private static readonly Dictionary<string, string[]> Writers = new(StringComparer.Ordinal)
    {
        // Each public way to a write takes a permit, but for the methods named here.
        ["IncidentDesk"] =
        [
            "ExpireStale", // time closes what nobody acted on
            "Allow", // what follows from a permitted change of the allowlist
        ],
        ["AllowlistDesk"] = [],
        ["ModeSwitch"] = [],
        ["Blocker"] = ["SyncAsync", "ReconcileAsync", "VerifyAsync", "RunAsync", "DisposeAsync"], // end what a permit allowed for a time, or restore it
    };

    private static readonly string[] Bookkeeping =
    [
        "BlockLedger", "PendingBlocks", // the blocker's own hands: reached through it only, see above
        "LogPipeline", // what the log says: findings, positions, counts
        "GuardFeed", // what the runtime guard says: violations, and how far it was read
        "Responder", // says of a permitted call what came of it
        "Allowlist", // the last answer of DNS for a name
        "AgentService", // Prune: what is older than database.retention
        "IStore", "SqliteStore", // the store itself
    ];

    private static readonly HashSet<string> s_names = [.. Writes.Values.SelectMany(static w => w), "RunAsync"];

    private static readonly Lazy<Found> All = new(static () => Look([.. Sources("DevOpsAgent"), .. Sources("DevOpsAgent.App"), CSharpSyntaxTree.ParseText(Planted, path: "DevOpsAgent/Planted.cs")]));

    private const string Planted = """
        namespace DevOpsAgent.Planted;
        using DevOpsAgent.Guards;
        internal sealed class PlantedForger : Permit<BlockRequest>.Issuer
        {
            internal static Permit<BlockRequest> Forge(BlockRequest request) => Issue(new object(), 1, request);
        }
        internal static class PlantedWriter
        {
            internal static void Write(DevOpsAgent.Store.IStore store) => store.SetSetting("mode", "auto since review");
            internal static object Run(Tool<BlockRequest> tool, Permit<BlockRequest> permit) => tool.RunAsync([permit], default);
        }
        """;

    [Fact]
    public void Only_the_gateway_makes_permits() =>
        All.Value.Issuers.Where(static i => !i.Contains("Planted")).ShouldAllBe(static i => i.StartsWith("DevOpsAgent.Guards.Gateway.", StringComparison.Ordinal));

    [Fact]
    public void Only_the_gateway_runs_tools() => All.Value.Runs.Where(static r => !r.StartsWith("Planted", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ShouldBe(["Gateway"]);

    [Fact]
    public void Only_known_types_write() => All.Value.Strangers.Where(static s => !s.StartsWith("Planted", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void What_writes_demands_a_permit()
    {
        All.Value.Unpermitted.ShouldBeEmpty();

        // The check sees the methods that it is about.
        All.Value.Permitted.ShouldBe(["AllowlistDesk.Add", "AllowlistDesk.Import", "AllowlistDesk.Remove", "Blocker.ApplyAsync", "Blocker.LiftAsync", "IncidentDesk.Decide", "ModeSwitch.Set"]);
    }

    [Fact]
    public void Planted_violations_are_found()
    {
        All.Value.Issuers.ShouldContain(static i => i.Contains("PlantedForger"));
        All.Value.Strangers.ShouldContain(static s => s.StartsWith("PlantedWriter", StringComparison.Ordinal));
        All.Value.Runs.ShouldContain("PlantedWriter");
    }

    [Fact]
    public void Every_command_says_what_it_changes()
    {
        var commands = CommandTable.All.Select(static c => c.Path).Append("").Order(StringComparer.Ordinal);
        EffectTable.Commands.Keys.Order(StringComparer.Ordinal).ShouldBe(commands, "a new command must say in EffectTable which tools it goes through, or that it only reads");
    }

    [Fact]
    public void Every_endpoint_that_writes_goes_through_a_tool() =>
        EffectTable.Endpoints.Keys.Order(StringComparer.Ordinal).ShouldBe(Endpoint.All.Where(static e => e.Effect != Effect.None).Select(static e => $"{e.Method} {e.Pattern}").Order(StringComparer.Ordinal),
            "a new endpoint with an effect must name its tools in EffectTable");

    [Fact]
    public async Task Every_tool_is_known_used_and_judged()
    {
        using var store = new SqliteStore(Path.Combine(Directory.CreateTempSubdirectory("effects-").FullName, "agent.db"));
        await using var parts = new AgentParts(new(), store, store.Receipts, KeyRing.InMemory(TimeProvider.System), TimeProvider.System, static _ => { });

        // Commands are run by a service of their own, and so are processes guarded: their tools are theirs alone.
        string[] others = ["run_command", "kill_process", "isolate_network", "set_guard_mode"];
        var tools = parts.Gateway.Tools.Where(static t => t.HasEffect).Select(static t => t.Name).Concat(others).ToList();
        EffectTable.Commands.Values.Concat(EffectTable.Endpoints.Values).SelectMany(static t => t).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .ShouldBe(tools.Order(StringComparer.Ordinal));
        foreach (var tool in parts.Gateway.Tools)
        {
            var guards = parts.Gateway.GuardsOf(tool).Select(static g => g.Name).ToList();
            guards[0].ShouldBe("schema");
            guards.ShouldContain("rate");
            (guards.Contains("mode") || !tool.HasEffect).ShouldBeTrue(tool.Name);
            tool.Schema.Fields.Select(static f => f.Name).ShouldBe(tool.Schema.Fields.Select(static f => f.Name).Order(StringComparer.Ordinal), "in this order parameters are canonical without sorting");
            tool.Description.ShouldNotBeNullOrWhiteSpace();
        }
    }

    private static Found Look(IReadOnlyList<SyntaxTree> trees)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static p => Path.GetFileName(p) is not ("DevOpsAgent.dll" or "devops-agent.dll" or "DevOpsAgent.Tests.dll"))
            .Select(static p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create("effects", trees, references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var found = new Found();
        var calls = new Dictionary<IMethodSymbol, HashSet<IMethodSymbol>>(SymbolEqualityComparer.Default);
        var writing = new HashSet<IMethodSymbol>(SymbolEqualityComparer.Default);
        foreach (var tree in trees)
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var type in tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>())
            {
                if (model.GetDeclaredSymbol(type)?.BaseType is { Name: "Issuer", ContainingType.Name: "Permit" })
                {
                    found.Issuers.Add(model.GetDeclaredSymbol(type)!.ToDisplayString());
                }
            }

            // Methods passed on as delegates count like calls. Binding each name of the program would take minutes.
            var declaresWriter = tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>().Any(static t => Writers.ContainsKey(t.Identifier.ValueText));
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (!declaresWriter && !s_names.Contains(name.Identifier.ValueText))
                {
                    continue;
                }

                if (model.GetSymbolInfo(name).Symbol?.OriginalDefinition is not IMethodSymbol called || Enclosing(model, name) is not { } caller)
                {
                    continue;
                }

                var declares = called.ContainingType.ToDisplayString();
                if (called.Name == "RunAsync" && called.ContainingType.Name == "Tool")
                {
                    found.Runs.Add(Outer(caller.ContainingType).Name);
                }

                if (Writes.TryGetValue(declares, out var writes) && writes.Contains(called.Name) && caller.ContainingType.ToDisplayString() != declares)
                {
                    writing.Add(caller);
                    var outer = Outer(caller.ContainingType).Name;
                    if (!Writers.ContainsKey(outer) && !Bookkeeping.Contains(outer))
                    {
                        found.Strangers.Add($"{outer}.{caller.Name} calls {declares}.{called.Name}");
                    }
                }

                (calls.TryGetValue(caller, out var called_) ? called_ : calls[caller] = new(SymbolEqualityComparer.Default)).Add(called);
            }
        }

        // A public method that reaches a write through private ones of its type writes too.
        for (var grown = true; grown;)
        {
            grown = calls.Where(c => !writing.Contains(c.Key) && c.Value.Any(m => writing.Contains(m) && SymbolEqualityComparer.Default.Equals(m.ContainingType, c.Key.ContainingType))).Select(static c => c.Key).ToList() is { Count: > 0 } more
                && more.TrueForAll(writing.Add);
        }

        foreach (var method in writing.Where(static m => m.DeclaredAccessibility != Accessibility.Private && m.MethodKind != MethodKind.Constructor && Writers.ContainsKey(m.ContainingType.Name)))
        {
            var name = $"{method.ContainingType.Name}.{method.Name}";
            var permitted = method.Parameters.Any(static p => p.Type.ToDisplayString().Contains("DevOpsAgent.Guards.Permit<", StringComparison.Ordinal));
            if (permitted)
            {
                found.Permitted.Add(name);
            }
            else if (!Writers[method.ContainingType.Name].Contains(method.Name))
            {
                found.Unpermitted.Add(name);
            }
        }

        return found;
    }

    private static IMethodSymbol? Enclosing(SemanticModel model, SyntaxNode node)
    {
        var symbol = model.GetEnclosingSymbol(node.SpanStart);
        while (symbol is IMethodSymbol { MethodKind: MethodKind.LambdaMethod or MethodKind.LocalFunction })
        {
            symbol = symbol.ContainingSymbol;
        }

        return symbol as IMethodSymbol;
    }

    private static INamedTypeSymbol Outer(INamedTypeSymbol type) => type.ContainingType is { } outer ? Outer(outer) : type;

    private static List<SyntaxTree> Sources(string project, [CallerFilePath] string file = "")
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "src", project));
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        var trees = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(static f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), options, $"{project}/{Path.GetRelativePath(root, f)}"))
            .ToList();
        if (project == "DevOpsAgent")
        {
            trees.Add(CSharpSyntaxTree.ParseText("""
                global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
                global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
                """, options, "GlobalUsings.cs"));
        }

        return trees;
    }

    private sealed class Found
    {
        public List<string> Issuers { get; } = [];
        public List<string> Runs { get; } = [];
        public SortedSet<string> Strangers { get; } = new(StringComparer.Ordinal);
        public SortedSet<string> Permitted { get; } = new(StringComparer.Ordinal);
        public SortedSet<string> Unpermitted { get; } = new(StringComparer.Ordinal);
    }
}
