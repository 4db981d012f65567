using System.Text.Json.Nodes;

namespace DevOpsAgent.Bench;

/// <summary>`scan FILE` to incidents against grep over the same file: whole processes, warm cache, interleaved rounds.</summary>
internal static class ScanBench
{
    public static Task<JsonObject> RunAsync(BenchOptions options) =>
        CompareAsync(options, Corpus.Json(options), "\"DownstreamStatus\":40[134]", []);

    public static Task<JsonObject> RunClfAsync(BenchOptions options)
    {
        var log = Corpus.Clf(options);
        var peers = new List<(string Name, string File, string[] Arguments)>();
        if (File.Exists("/usr/bin/goaccess"))
        {
            peers.Add(("goaccess", "/usr/bin/goaccess", [log, "--log-format=COMBINED", "-o", Path.Combine(options.Cache, "goaccess.json"), "--no-progress"]));
        }

        if (File.Exists("/usr/bin/fail2ban-regex"))
        {
            peers.Add(("fail2ban_regex", "/usr/bin/fail2ban-regex", [log, @"^<HOST> \S+ \S+ \[\] ""\S+ \S+ \S+"" 40[134] "]));
        }

        return CompareAsync(options, log, "\" 40[134] ", peers);
    }

    private static async Task<JsonObject> CompareAsync(BenchOptions options, string log, string pattern, List<(string Name, string File, string[] Arguments)> peers)
    {
        var rounds = options.Rounds > 0 ? options.Rounds : 5;
        List<double> scans = [], greps = [], ratios = [], peaks = [];
        await Measured.RunAsync("/bin/grep", ["-c", pattern, log]);
        var warm = await Measured.RunAsync(options.Agent, ["scan", log, "--json"]);
        if (warm.ExitCode is not (0 or 1))
        {
            throw new InvalidOperationException($"scan failed with {warm.ExitCode}");
        }

        for (var round = 0; round < rounds; round++)
        {
            var grep = await Measured.RunAsync("/bin/grep", ["-c", pattern, log]);
            var scan = await Measured.RunAsync(options.Agent, ["scan", log, "--json"]);
            greps.Add(grep.Seconds);
            scans.Add(scan.Seconds);
            ratios.Add(scan.Seconds / grep.Seconds);
            peaks.Add(scan.PeakMb);
            Console.Error.WriteLine($"round {round + 1}: scan {scan.Seconds:F3} s, grep {grep.Seconds:F3} s, ratio {ratios[^1]:F2}, peak {scan.PeakMb:F0} MB");
        }

        var found = JsonNode.Parse(warm.Output)!;
        var result = new JsonObject
        {
            ["ratio_to_grep"] = Math.Round(Figures.Median(ratios), 3),
            ["lines_per_second"] = Math.Round(options.Lines / Figures.Median(scans)),
            ["peak_mb"] = Math.Round(peaks.Max(), 1),
            ["seconds"] = Math.Round(Figures.Median(scans), 3),
            ["grep_seconds"] = Math.Round(Figures.Median(greps), 3),
            ["lines"] = options.Lines,
            ["bytes"] = new FileInfo(log).Length,
            ["incidents"] = found["incidents"]?.AsArray().Count,
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread(ratios),
        };
        foreach (var (name, file, arguments) in peers)
        {
            // These take tens of seconds: one round each, stated as such.
            var peer = await Measured.RunAsync(file, arguments);
            result[$"{name}_seconds_one_round"] = peer.ExitCode == 0 ? Math.Round(peer.Seconds, 2) : null;
            Console.Error.WriteLine($"{name}: {peer.Seconds:F1} s (exit {peer.ExitCode})");
        }

        return result;
    }
}
