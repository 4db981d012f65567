using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Ebpf;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Bench;

/// <summary>
/// What the guard in the kernel costs on this machine: nanoseconds added to a call of a process, without a policy and with one of
/// so many rules, each against the same call with nothing attached, in turn; auditd with an equal rule beside it where it is
/// installed. Then the rate of events at which the ring first loses, the time from a denied call to the handler, and denials missed
/// while policies are loaded. The policies are for copies of one program in a folder of their own.
/// </summary>
internal static class GuardKernelBench
{
    private static readonly int[] s_rules = [1, 16, 256, 1024];
    private static readonly (string Name, int Times)[] s_calls = [("open", 20_000), ("connect", 20_000), ("exec", 150)];

    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var rounds = options.Rounds > 0 ? options.Rounds : 3;
        var folder = Directory.CreateTempSubdirectory("bench-guard-").FullName;
        try
        {
            await BuildAsync(options, folder);
            var figures = new JsonObject { ["rounds"] = rounds };
            await CostsAsync(figures, folder, rounds);
            await AuditAsync(figures, folder, rounds);
            await RatesAsync(figures, folder);
            await MissedAsync(figures, folder);
            return figures;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task BuildAsync(BenchOptions options, string folder)
    {
        var source = Path.Combine(Path.GetFullPath(options.Samples), "..", "tests", "DevOpsAgent.EndToEnd", "GuardKernel", "trigger.c");
        var trigger = Path.Combine(folder, "trigger");
        var built = await Measured.RunAsync("/usr/bin/clang", ["-O1", "-static", source, "-o", trigger]);
        if (built.ExitCode != 0)
        {
            throw new InvalidOperationException("clang can't build the program that is measured: apt-get install clang libc6-dev");
        }

        foreach (var name in new[] { "other", "child", "guarded" })
        {
            File.Copy(trigger, Path.Combine(folder, name));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "file"), "x");
        await File.WriteAllTextAsync(Path.Combine(folder, "secret"), "x");
    }

    /// <summary>Of one call by a copy of the program. Nanoseconds.</summary>
    private static async Task<double> TimeAsync(string folder, string program, string call, int times)
    {
        var subject = Path.Combine(folder, call == "exec" ? "child" : "file");
        var run = await Measured.RunAsync(Path.Combine(folder, program), ["time", subject, call, times.ToString(CultureInfo.InvariantCulture)]);
        return double.TryParse(run.Output, CultureInfo.InvariantCulture, out var ns) ? ns : throw new InvalidOperationException($"{program} {call}: {run.Output}");
    }

    private static async Task CostsAsync(JsonObject figures, string folder, int rounds)
    {
        var ns = new Dictionary<string, List<double>>(StringComparer.Ordinal);
        void Add(string key, double value) => (ns.TryGetValue(key, out var list) ? list : ns[key] = []).Add(value);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (call, times) in s_calls)
            {
                Add($"{call}_plain", await TimeAsync(folder, "other", call, times));
            }

            foreach (var rules in s_rules)
            {
                await using var guard = Start(PolicyOf(folder, rules), out var name);
                figures["backend"] = name;
                foreach (var (call, times) in s_calls)
                {
                    if (rules == s_rules[0])
                    {
                        Add($"{call}_other", await TimeAsync(folder, "other", call, times));
                    }

                    Add($"{call}_{rules}", await TimeAsync(folder, "guarded", call, times));
                }
            }
        }

        foreach (var (call, _) in s_calls)
        {
            var plain = Figures.Median(ns[$"{call}_plain"]);
            figures[$"{call}_ns_plain"] = Math.Round(plain, 1);
            figures[$"{call}_added_ns_not_in_policy"] = Math.Round(Figures.Median(ns[$"{call}_other"]) - plain, 1);
            foreach (var rules in s_rules)
            {
                figures[string.Create(CultureInfo.InvariantCulture, $"{call}_added_ns_{rules}")] = Math.Round(Figures.Median(ns[$"{call}_{rules}"]) - plain, 1);
            }
        }

        figures["spread"] = Math.Round(ns.Where(static n => n.Key.StartsWith("open", StringComparison.Ordinal)).Max(static n => Figures.Spread(n.Value)), 3);
    }

    /// <summary>auditd's own rule about one file and one process's opens: what it adds to an open that doesn't match.</summary>
    private static async Task AuditAsync(JsonObject figures, string folder, int rounds)
    {
        if (!File.Exists("/usr/sbin/auditctl"))
        {
            figures["audit"] = "not installed (apt-get install auditd)";
            return;
        }

        var plain = new List<double>();
        var audited = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            plain.Add(await TimeAsync(folder, "other", "open", s_calls[0].Times));
            string[] rule = ["exit,always", "-F", "arch=b64", "-S", "openat", "-F", $"path={folder}/secret", "-k", "bench-guard-kernel"];
            await Measured.RunAsync("/usr/sbin/auditctl", ["-e", "1"]);
            var added = await Measured.RunAsync("/usr/sbin/auditctl", ["-a", .. rule]);
            try
            {
                if (added.ExitCode != 0)
                {
                    figures["audit"] = "the kernel takes no audit rules here";
                    return;
                }

                audited.Add(await TimeAsync(folder, "other", "open", s_calls[0].Times));
            }
            finally
            {
                await Measured.RunAsync("/usr/sbin/auditctl", ["-d", .. rule]);
                await Measured.RunAsync("/usr/sbin/auditctl", ["-e", "0"]);
            }
        }

        figures["audit_open_added_ns"] = Math.Round(Figures.Median(audited) - Figures.Median(plain), 1);
    }

    private static async Task RatesAsync(JsonObject figures, string folder)
    {
        // Mode audit, so that the process lives and each of its opens is an event.
        await using (var guard = Start($"version: \"1.0\"\nmode: audit\non_agent_exit: release\nprocesses:\n  loud: {{exe: \"{folder}/guarded\", blocked_files: [\"{folder}/secret\"], allowed_network: [\"*\"]}}\n", out _))
        {
            using var stop = new CancellationTokenSource();
            var running = guard.RunAsync(stop.Token);
            var list = Path.Combine(folder, "list");
            await File.WriteAllTextAsync(list, string.Concat(Enumerable.Repeat($"open {folder}/secret\n", 1000)));
            var clock = Stopwatch.StartNew();
            await Measured.RunAsync(Path.Combine(folder, "guarded"), ["all", list, "300"]);
            var seconds = clock.Elapsed.TotalSeconds;
            var lost = guard.Backend.Losses;
            figures["events_per_s_offered"] = Math.Round(300_000 / seconds);
            figures["events_lost_in_kernel"] = lost.Kernel;
            figures["events_lost_in_queue"] = lost.Queue;
            await stop.CancelAsync();
            await running;
        }

        await LatencyAsync(figures, folder);
    }

    /// <summary>From just before a connection that is refused to the handler of its violation.</summary>
    private static async Task LatencyAsync(JsonObject figures, string folder)
    {
        await using var guard = Start($"version: \"1.0\"\nmode: enforce\non_agent_exit: release\nprocesses:\n  me: {{exe: \"{folder}/guarded\", allowed_network: [\"connect 127.0.0.1:1-98\"]}}\n", out _);
        using var stop = new CancellationTokenSource();
        var ms = new List<double>();
        guard.Engine.OnViolation(v => ms.Add((TimeProvider.System.GetUtcNow() - v.Timestamp).TotalMilliseconds));
        var running = guard.RunAsync(stop.Token);
        await Measured.RunAsync(Path.Combine(folder, "guarded"), ["paced", "127.0.0.1", "99", "2000"]);
        await stop.CancelAsync();
        await running;
        ms.Sort();
        figures["violation_events"] = ms.Count;
        figures["violation_p99_ms"] = ms.Count > 0 ? Math.Round(ms[(int)(ms.Count * 0.99)], 3) : null;
    }

    private static async Task MissedAsync(JsonObject figures, string folder)
    {
        await using var guard = Start(PolicyOf(folder, 16), out _);
        var busy = Measured.RunAsync(Path.Combine(folder, "guarded"), ["connects", "127.0.0.1", "200", "5"]);
        var reloads = 0;
        for (; !busy.IsCompleted; reloads++)
        {
            guard.Engine.Reload(Read(PolicyOf(folder, 1 + reloads % 200)));
            await Task.Yield();
        }

        // "connected 0 of 123456"
        var words = (await busy).Output.Split(' ');
        figures["reloads"] = reloads;
        figures["missed_in_reload"] = int.Parse(words[1], CultureInfo.InvariantCulture);
        figures["tried_in_reload"] = int.Parse(words[3], CultureInfo.InvariantCulture);
    }

    private static GuardService Start(string policy, out string name)
    {
        var read = Read(policy);
        var choice = BackendChoice.Of(KernelCandidates.Of(new KernelHost { Pins = "/nowhere/at/all" }, TimeProvider.System, TimeSpan.FromSeconds(1), static (_, _) => false), "auto");
        var backend = choice.Backend ?? throw new InvalidOperationException("no backend in the kernel works here: " + string.Join("; ", choice.Refused));
        name = backend.Name;
        return new(read, backend, null, TimeProvider.System, TimeSpan.FromSeconds(1), static (_, _) => { });
    }

    private static GuardPolicy Read(string text)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, text);
        var policy = PolicyFile.Load(file);
        File.Delete(file);
        return policy;
    }

    /// <summary>So many rules of each kind, none of which is about what is done.</summary>
    private static string PolicyOf(string folder, int rules)
    {
        var files = string.Join(", ", Enumerable.Range(0, rules).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"/srv/tenant-{i}/data/{i}.json\"")));
        var networks = string.Join(", ", Enumerable.Range(0, rules).Select(static i => string.Create(CultureInfo.InvariantCulture, $"\"10.{i / 256}.{i % 256}.0/24:443\"")));
        return new StringBuilder("version: \"1.0\"\nmode: enforce\non_agent_exit: release\nprocesses:\n")
            .Append(CultureInfo.InvariantCulture, $"  guarded: {{exe: \"{folder}/guarded\", blocked_files: [{files}], allowed_network: [\"connect 127.0.0.1:1-100\"], blocked_network: [{networks}], allowed_exec: [\"{folder}/child\"]}}\n").ToString();
    }
}
