using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Bench;

// Each benchmark prints a table for people on stderr and, with --json, one JSON object on stdout.
var benches = new Dictionary<string, (string What, Func<BenchOptions, Task<JsonObject>> Run)>(StringComparer.Ordinal)
{
    ["scan"] = ("1,000,000 JSON lines to incidents, against grep -c over the same file in the same run", ScanBench.RunAsync),
    ["scan-clf"] = ("the same for CLF, against grep; and GoAccess and fail2ban-regex where installed", ScanBench.RunClfAsync),
    ["follow"] = ("line appended -> file written at 2,000 lines/s: p99_ms, cpu_share", FollowBench.RunAsync),
    ["idle"] = ("memory and time to ready of the published build: idle_mb, ready_ms", IdleBench.RunAsync),
    ["agent"] = ("the agent without its model: one turn with a query, durable records included; a result of 10,000 rows reduced: turn_ms, reduce_10000_rows_ms", AgentBench.RunAsync),
    ["audit"] = ("the exec audit, durable: 64 writers and one, against raw writes and one fsync per event in the same run", AuditBench.RunAsync),
    ["audit-kill"] = ("1,000 kill -9 of a writing process (--rounds N): acknowledged events lost, chain valid", AuditKillBench.RunAsync),
    ["behaviour"] = ("the behaviour guard with 10 and 1,000,000 receipts in the window: ns_10, ns_1000000, bytes_per_op", BehaviourBench.RunAsync),
    ["gateway"] = ("a tool call that all guards allow, in memory: us, and the share of each guard", GatewayBench.RunAsync),
    ["guard"] = ("checks of file, network and syscall with 10, 100 and 1,000 rules: file_ns_10, ...; load_10000_ms", GuardBench.RunAsync),
    ["guard-kernel"] = ("the guard in the kernel, as root: ns added to openat, execve, connect by rules; events/s at first loss; violation_p99_ms; missed_in_reload", GuardKernelBench.RunAsync),
    ["hot"] = ("ns and bytes allocated per line: parse, classify, observe", HotBench.RunAsync),
    ["kubernetes"] = ("line appended -> object in a real API server, beyond its own write time: p99_ms_over_api; 10,000 blocks: change_10000_cpu_ms, restart_10000_s", KubernetesBench.RunAsync),
    ["dsl"] = ("the log store with 1,000,000 documents on disk: five queries warm, ingest, size: top_ms ... bytes_ratio", DslBench.RunAsync),
    ["exec"] = ("permit to exit of /bin/true through a whole session, against posix_spawn alone: ratio_to_posix_spawn", ExecBench.RunAsync),
};

// The process that audit-kill kills, and that the tests kill.
if (args is ["audit-writer", var logFolder])
{
    return await AuditWriter.RunAsync(logFolder, Console.Out);
}

if (args.Length == 0 || args[0] is "--help" or "-h" || !benches.TryGetValue(args[0], out var bench))
{
    Console.Error.WriteLine("usage: ./bench NAME [--json] [--rounds N] [--lines N]");
    foreach (var (name, (what, _)) in benches)
    {
        Console.Error.WriteLine($"  {name,-10} {what}");
    }

    return args.Length > 0 && args[0] is "--help" or "-h" ? 0 : 2;
}

int Number(string flag, int fallback)
{
    var at = Array.IndexOf(args, flag);
    return at >= 0 && at + 1 < args.Length && int.TryParse(args[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : fallback;
}

var options = new BenchOptions(
    Agent: Environment.GetEnvironmentVariable("BENCH_AGENT") ?? throw new InvalidOperationException("run me through ./bench"),
    Samples: Environment.GetEnvironmentVariable("BENCH_SAMPLES") ?? "samples",
    Cache: Environment.GetEnvironmentVariable("BENCH_CACHE") ?? Path.Combine(Path.GetTempPath(), "devops-agent-bench"),
    Rounds: Number("--rounds", 0),
    Lines: Number("--lines", 1_000_000));
Directory.CreateDirectory(options.Cache);
var figures = await bench.Run(options);
figures["bench"] = args[0];
if (args.Contains("--json"))
{
    Console.WriteLine(figures.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
}
else
{
    foreach (var (key, value) in figures)
    {
        Console.WriteLine($"{key,-28} {value?.ToJsonString()}");
    }
}

return 0;
