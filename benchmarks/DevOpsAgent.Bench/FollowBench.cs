using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Bench;

/// <summary>
/// Ordinary traffic at 2,000 lines/s; every 2.3 s one new client asks for eight secret files at once. Measured: from the
/// write of the line that completes the scan to the moment the deny file on disk names the client. The pause keeps each
/// block outside the two seconds in which later ones are collected on purpose.
/// </summary>
internal static class FollowBench
{
    private const int LinesPerSecond = 2000;
    internal static readonly string[] Secrets = ["/.env", "/.git/config", "/.aws/credentials", "/.ssh/id_rsa", "/wp-config.php.bak", "/.env.production", "/.npmrc", "/.htpasswd"];

    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var scans = options.Rounds > 0 ? options.Rounds : 120;
        await using var service = await Service.StartAsync(options.Agent);
        await using var log = new FileStream(service.Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0);
        using var stop = new CancellationTokenSource();
        var gate = new SemaphoreSlim(1);
        var cpu = Measured.CpuSeconds(service.Pid);
        var clock = Stopwatch.StartNew();
        var writer = TrafficAsync(log, gate, stop.Token);
        List<double> latencies = [];
        for (var i = 0; i < scans; i++)
        {
            await Task.Delay(2300);
            // Odd ones only: neighbours would be merged into a range.
            var client = $"203.0.113.{(i % 125 * 2) + 1}";
            var lines = string.Concat(Secrets.Select(path => Line(client, path, 404)));
            await gate.WaitAsync();
            await log.WriteAsync(Encoding.UTF8.GetBytes(lines));
            var written = Stopwatch.GetTimestamp();
            gate.Release();
            var needle = $"`{client}`";
            while (!Contains(service.DenyFile, needle))
            {
                if (Stopwatch.GetElapsedTime(written) > TimeSpan.FromSeconds(10))
                {
                    throw new InvalidOperationException($"{client} was not blocked within 10 s");
                }

                await Task.Delay(1);
            }

            latencies.Add(Stopwatch.GetElapsedTime(written).TotalMilliseconds);
            Console.Error.WriteLine($"scan {i + 1}: {latencies[^1]:F1} ms");
        }

        var used = Measured.CpuSeconds(service.Pid) - cpu;
        var share = used / clock.Elapsed.TotalSeconds;
        var memory = Measured.StatusMb(service.Pid, "VmHWM");
        await stop.CancelAsync();
        var rate = await writer / clock.Elapsed.TotalSeconds;
        return new()
        {
            ["p99_ms"] = Math.Round(Figures.Percentile(latencies, 0.99), 1),
            ["max_ms"] = Math.Round(latencies.Max(), 1),
            ["first_ms"] = Math.Round(latencies[0], 1),
            ["p50_ms"] = Math.Round(Figures.Median(latencies), 1),
            ["cpu_share"] = Math.Round(share, 3),
            ["lines_per_second"] = Math.Round(rate),
            ["peak_mb"] = Math.Round(memory, 1),
            ["rounds"] = scans,
            ["spread"] = Figures.Spread(latencies),
        };
    }

    private static async Task<long> TrafficAsync(FileStream log, SemaphoreSlim gate, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var sent = 0L;
        var block = new StringBuilder();
        while (!stop.IsCancellationRequested)
        {
            var due = (long)(clock.Elapsed.TotalSeconds * LinesPerSecond);
            block.Clear();
            for (; sent < due; sent++)
            {
                block.Append(Line($"203.0.{sent % 113}.{sent % 251 + 1}", $"/products/{sent % 400}", 200));
            }

            if (block.Length > 0)
            {
                await gate.WaitAsync(CancellationToken.None);
                await log.WriteAsync(Encoding.UTF8.GetBytes(block.ToString()), CancellationToken.None);
                gate.Release();
            }

            await Task.Delay(5, CancellationToken.None);
        }

        return sent;
    }

    private static bool Contains(string file, string needle)
    {
        try
        {
            return File.ReadAllText(file).Contains(needle, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    internal static string Line(string client, string path, int status)
    {
        var now = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", null);
        return $$"""
            {"ClientAddr":"{{client}}:53140","ClientHost":"{{client}}","ClientPort":"53140","ClientUsername":"-","DownstreamContentSize":512,"DownstreamStatus":{{status}},"Duration":6896124,"OriginContentSize":512,"OriginDuration":6792930,"OriginStatus":{{status}},"Overhead":103194,"RequestAddr":"shop.example.com","RequestContentSize":0,"RequestCount":1,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"{{path}}","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,"RouterName":"shop@file","ServiceAddr":"127.0.0.1:9001","ServiceName":"shop@file","ServiceURL":"http://127.0.0.1:9001","StartLocal":"{{now}}","StartUTC":"{{now}}","entryPointName":"web","level":"info","msg":"","request_User-Agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0","time":"{{now}}"}

            """;
    }
}
