using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Bench;

/// <summary>
/// The guard's checks by the name of a process, as a backend asks them, with 10, 100 and 1,000 rules: nanoseconds and bytes
/// allocated per check that is fine, on one thread; and the time in which a policy file of 10,000 rules loads.
/// </summary>
internal static class GuardBench
{
    private const int Calls = 2_000_000;
    private static readonly int[] s_sizes = [10, 100, 1000];

    public static Task<JsonObject> RunAsync(BenchOptions options)
    {
        var rounds = options.Rounds > 0 ? options.Rounds : 9;
        var subjects = s_sizes.Select(static n => new Subject(n)).ToList();
        var figures = new JsonObject();
        long allocated = 0;
        var spreads = new List<double>();
        foreach (var (kind, ask) in new (string, Func<Subject, double>)[] { ("file", static s => s.Files(Calls)), ("network", static s => s.Network(Calls)), ("syscall", static s => s.Syscalls(Calls)) })
        {
            var ns = subjects.ToDictionary(static s => s, static _ => new List<double>());
            subjects.ForEach(s => ask(s));
            subjects.ForEach(s => ask(s));
            for (var round = 0; round < rounds; round++)
            {
                foreach (var subject in subjects)
                {
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    var took = ask(subject);
                    allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                    ns[subject].Add(took);
                }
            }

            foreach (var subject in subjects)
            {
                figures[string.Create(CultureInfo.InvariantCulture, $"{kind}_ns_{subject.Rules}")] = Math.Round(Figures.Median(ns[subject]), 1);
            }

            figures[$"{kind}_ratio_1000_to_10"] = Math.Round(Figures.Median(ns[subjects[^1]]) / Figures.Median(ns[subjects[0]]), 2);
            spreads.Add(Figures.Spread(ns[subjects[^1]]));
        }

        figures["bytes_per_op"] = Math.Round((double)allocated / (9L * rounds * Calls), 3);
        Load(options, rounds, figures);
        figures["rounds"] = rounds;
        figures["spread"] = spreads.Max();
        return Task.FromResult(figures);
    }

    private static void Load(BenchOptions options, int rounds, JsonObject figures)
    {
        var file = Path.Combine(options.Cache, "guard-policy-10000.yaml");
        File.WriteAllText(file, PolicyOf(10_000));
        var ms = new List<double>();
        for (var round = 0; round < 2 * rounds; round++)
        {
            var clock = Stopwatch.GetTimestamp();
            var compiled = CompiledPolicy.Of(PolicyFile.Load(file));
            ms.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            if (compiled.ByName.Count != 10)
            {
                throw new InvalidOperationException("The policy did not load.");
            }
        }

        figures["load_10000_ms"] = Math.Round(Figures.Median(ms[rounds..]), 1);
        figures["load_10000_first_ms"] = Math.Round(ms[0], 1);
    }

    /// <summary>Ten processes with a tenth of the rules each: four parts files, four network, one system calls (by number), one programs.</summary>
    private static string PolicyOf(int rules)
    {
        var text = new StringBuilder("version: \"1.0\"\nmode: enforce\nprocesses:\n");
        var random = new Random(7);
        for (var p = 0; p < 10; p++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  process-{p}:\n");
            List("allowed_files", rules / 40, static (r, i) => $"/srv/tenant-{i:D4}/{(i % 3 == 0 ? "data/*" : $"app-{r.Next(1000):D3}/config.json")}");
            List("blocked_files", rules / 80, static (r, i) => $"/srv/tenant-{i:D4}/secret-{r.Next(1000):D3}/key.pem");
            List("allowed_network", rules / 20, static (r, i) => $"\"10.{r.Next(256)}.{r.Next(256)}.0/24:{1024 + i % 1000}\"");
            List("blocked_syscalls", rules / 100, static (_, i) => $"{i}");
            List("allowed_exec", rules / 10 - rules / 40 - rules / 80 - rules / 20 - rules / 100, static (_, i) => $"/opt/tools/bin/tool-{i:D4}");
        }

        return text.ToString();

        void List(string key, int count, Func<Random, int, string> rule)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {key}:\n");
            for (var i = 0; i < count; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"      - {rule(random, i)}\n");
            }
        }
    }

    /// <summary>One process with so many rules of each kind, and what is asked of it: many different things, all allowed.</summary>
    private sealed class Subject
    {
        private readonly GuardEngine _engine;
        private readonly byte[][] _paths = new byte[256][];
        private readonly NetworkTarget[] _targets = new NetworkTarget[256];
        private readonly string[] _calls;

        public Subject(int rules)
        {
            Rules = rules;
            var random = new Random(7);
            var text = new StringBuilder("mode: enforce\nprocesses:\n  traefik:\n");
            var directories = Enumerable.Range(0, rules).Select(static i => $"/srv/tenant-{i:D4}/data").ToList();

            // Half allowed directories, a quarter allowed files, a quarter blocked ones; the network by the same shares.
            text.Append("    allowed_files:\n");
            for (var i = 0; i < rules; i++)
            {
                text.Append(i == rules * 3 / 4 ? "    blocked_files:\n" : "");
                text.Append(CultureInfo.InvariantCulture, $"      - {directories[i]}{(i < rules / 2 ? "/*" : "/file.json")}\n");
            }

            text.Append("    allowed_network:\n");
            var ranges = new List<string>();
            for (var i = 0; i < rules; i++)
            {
                text.Append(i == rules * 3 / 4 ? "    blocked_network:\n" : "");
                var range = (i % 4) switch { 0 => $"10.{i / 4 % 256}.0.0/16", 1 => $"172.16.{i / 4 % 256}.0/24", 2 => $"192.168.{i / 4 % 256}.{random.Next(256)}", _ => $"2001:db8:{i / 4:x}::/48" };
                ranges.Add(range);
                text.Append(CultureInfo.InvariantCulture, $"      - \"{range}:{(i < rules * 3 / 4 ? "443" : "22")}\"\n");
            }

            text.Append("    blocked_syscalls: [");
            var names = RuntimeGuard.Policy.Syscalls.Numbers.Keys.Where(static n => n is not ("openat" or "read" or "write" or "close" or "mmap" or "futex" or "epoll_wait" or "connect")).Order(StringComparer.Ordinal).ToList();
            var used = names.Select(static n => RuntimeGuard.Policy.Syscalls.Numbers[n]).ToHashSet();
            var numbers = Enumerable.Range(400, 624).Where(n => !used.Contains(n)).Select(static n => n.ToString(CultureInfo.InvariantCulture));
            text.AppendJoin(", ", names.Concat(numbers).Take(rules)).Append("]\n");

            var problems = new List<DevOpsAgent.Configuration.ConfigProblem>();
            var policy = PolicyReader.Read(text.ToString(), "bench", static _ => null, problems) ?? throw new InvalidOperationException(string.Join('\n', problems));
            _engine = new(policy, TimeProvider.System);
            for (var i = 0; i < _paths.Length; i++)
            {
                _paths[i] = Encoding.UTF8.GetBytes($"{directories[random.Next(rules / 2)]}/{(i % 2 == 0 ? "acme" : "certificates")}-{i % 16}.json");
                var range = AddressRange.Parse(ranges[random.Next(rules * 3 / 4)]);
                _targets[i] = new(range.Address, 443, NetworkDirection.Connect);
            }

            _calls = ["openat", "read", "write", "close", "mmap", "futex", "epoll_wait", "connect"];
        }

        public int Rules { get; }

        public double Files(int calls)
        {
            var denied = 0;
            var clock = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++)
            {
                denied += _engine.CheckFileAccess("traefik", 42, _paths[i & 255].AsSpan()) is null ? 0 : 1;
            }

            return Took(clock, calls, denied);
        }

        public double Network(int calls)
        {
            var denied = 0;
            var clock = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++)
            {
                denied += _engine.CheckNetwork("traefik", 42, _targets[i & 255]) is null ? 0 : 1;
            }

            return Took(clock, calls, denied);
        }

        public double Syscalls(int calls)
        {
            var denied = 0;
            var clock = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++)
            {
                denied += _engine.CheckSyscall("traefik", 42, _calls[i & 7]) is null ? 0 : 1;
            }

            return Took(clock, calls, denied);
        }

        private static double Took(long clock, int calls, int denied)
        {
            var ns = Stopwatch.GetElapsedTime(clock).TotalNanoseconds / calls;
            return denied == 0 ? ns : throw new InvalidOperationException($"{denied} of {calls} allowed things were denied.");
        }
    }
}
