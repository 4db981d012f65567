using System.Reflection;
using DevOpsAgent.App;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.Web;
using DevOpsAgent.Guards;
using DevOpsAgent.Planted;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Guards;

/// <summary>
/// Every effect goes through the gateway. Read from the compiled code: what writes to the store or the target is called
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

    private static readonly Lazy<Found> All = new(static () => Look([.. typeof(Gateway).Assembly.GetTypes(), .. typeof(EffectTable).Assembly.GetTypes(), typeof(PlantedForger), typeof(PlantedWriter), .. typeof(PlantedWriter).GetNestedTypes(BindingFlags.NonPublic)]));

    [Fact]
    public void Only_the_gateway_makes_permits() =>
        All.Value.Issuers.Where(static i => !i.Contains("Planted")).ShouldAllBe(static i => i.StartsWith("DevOpsAgent.Guards.Gateway+", StringComparison.Ordinal));

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
        All.Value.Strangers.ShouldContain(static s => s.StartsWith("PlantedWriter.Write ", StringComparison.Ordinal));
        All.Value.Strangers.ShouldContain(static s => s.StartsWith("PlantedWriter.Later ", StringComparison.Ordinal));
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

    private static Found Look(IReadOnlyList<Type> types)
    {
        var found = new Found();
        var calls = new Dictionary<SourceMethod, HashSet<SourceMethod>>();
        var writing = new HashSet<SourceMethod>();
        foreach (var type in types)
        {
            if (type.BaseType is { Name: "Issuer", DeclaringType.Name: "Permit`1" })
            {
                found.Issuers.Add(type.FullName!);
            }

            foreach (var method in type.GetMethods(Instructions.Declared).Concat<MethodBase>(type.GetConstructors(Instructions.Declared)))
            {
                if (method.GetMethodBody() is not { } body)
                {
                    continue;
                }

                var caller = SourceMethod.Of(method);
                foreach (var called in Instructions.Named(type, method, body).OfType<MethodBase>().Where(static c => !IsClosure(c)))
                {
                    Call(found, writing, caller, called);
                    (calls.TryGetValue(caller, out var known) ? known : calls[caller] = []).Add(SourceMethod.Of(called));
                }
            }
        }

        // A public method that reaches a write through private ones of its type writes too.
        for (var grown = true; grown;)
        {
            grown = calls.Where(c => !writing.Contains(c.Key) && c.Value.Any(m => m.Type == c.Key.Type && writing.Contains(m))).Select(static c => c.Key).ToList() is { Count: > 0 } more
                && more.TrueForAll(writing.Add);
        }

        foreach (var method in writing.Where(static m => Writers.ContainsKey(m.Type.Name)))
        {
            // Methods of one name are one to this check: none of them may do without.
            var open = method.Type.GetMethods(Instructions.Declared).Where(m => m.Name == method.Name && !m.IsPrivate).ToList();
            if (open.Count > 0 && open.TrueForAll(static m => m.GetParameters().Any(static p => p.ParameterType.ToString().Contains("DevOpsAgent.Guards.Permit`1", StringComparison.Ordinal))))
            {
                found.Permitted.Add(method.ToString());
            }
            else if (open.Count > 0 && !Writers[method.Type.Name].Contains(method.Name))
            {
                found.Unpermitted.Add(method.ToString());
            }
        }

        return found;
    }

    /// <summary>Making the object that holds a lambda's variables calls nothing of the type around it.</summary>
    private static bool IsClosure(MethodBase called) => called.IsConstructor && called.DeclaringType!.Name.StartsWith('<');

    private static void Call(Found found, HashSet<SourceMethod> writing, SourceMethod caller, MethodBase called)
    {
        if (called is { Name: "RunAsync", DeclaringType.Name: "Tool`1" })
        {
            found.Runs.Add(caller.Type.Name);
        }

        if (called.DeclaringType?.FullName is { } declares && Writes.TryGetValue(declares, out var writes) && writes.Contains(called.Name) && caller.Type != called.DeclaringType)
        {
            writing.Add(caller);
            if (!Writers.ContainsKey(caller.Type.Name) && !Bookkeeping.Contains(caller.Type.Name))
            {
                found.Strangers.Add($"{caller} calls {declares}.{called.Name}");
            }
        }
    }

    /// <summary>A method as the source has it, by the outermost type: what the compiler made of its lambdas, local functions and awaits is the method itself.</summary>
    private readonly record struct SourceMethod(Type Type, string Name)
    {
        public static SourceMethod Of(MethodBase method)
        {
            var name = method.Name;
            var type = method.DeclaringType!;
            for (; type.DeclaringType is { } outer; type = outer)
            {
                // <Run>d__3 is the state machine of Run; <>c and <>c__DisplayClass hold lambdas, which are named <Run>b__3_0.
                if (type.Name.StartsWith('<') && Inner(type.Name).Length > 0)
                {
                    name = type.Name;
                }
            }

            return new(type.IsGenericType ? type.GetGenericTypeDefinition() : type, name.StartsWith('<') ? Inner(name) : name);
        }

        public override string ToString() => $"{Type.Name}.{Name}";

        private static string Inner(string name) => name.TrimStart('<') is var inner && inner.IndexOf('>') is >= 0 and var end ? inner[..end] : inner;
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
