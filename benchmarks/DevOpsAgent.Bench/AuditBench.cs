using System.Diagnostics;
using System.Text.Json.Nodes;
using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Signing;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Bench;

/// <summary>
/// The audit log, durable, against the same bytes written with nothing around them: one fsync per event as the original did
/// (mkdir, open, append, fsync), one raw write and fdatasync, and raw batches of the log's own size. All in turns, on the
/// same file system, in the same run.
/// </summary>
internal static class AuditBench
{
    private const int Writers = 64;
    private const int Turns = 10;

    private static readonly string[] Argv = ["/usr/bin/systemctl", "restart", "--no-block", "api-gateway.service"];
    private static readonly string Agent = new('a', 64), Machine = new('b', 64);

    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var rounds = options.Rounds > 0 ? options.Rounds : 7;
        var folder = Path.Combine(options.Cache, "audit");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        var fileSystem = FileSystemOf(folder);
        if (fileSystem is "tmpfs" or "ramfs")
        {
            Console.Error.WriteLine($"{folder} is in memory ({fileSystem}): a sync costs nothing there and the figures say nothing. Set XDG_CACHE_HOME to a directory on a disk.");
        }

        List<double> single = [], many = [], each = [], raw = [], rawBatch = [], batchSizes = [];
        using var ring = KeyRing.InMemory(TimeProvider.System);
        var keys = AuditKeys.Of(ring);
        var bytes = Bytes(folder, keys);
        for (var round = 0; round <= rounds; round++)
        {
            using var log = AuditLog.Open(new AuditConfig { Directory = Path.Combine(folder, $"log-{round}") }, keys, TimeProvider.System);
            using var file = File.OpenHandle(Path.Combine(folder, $"raw-{round}"), FileMode.CreateNew, FileAccess.Write, FileShare.Read);

            // Short turns: what else the machine does in them slows all of them down alike.
            for (var turn = 0; turn < Turns; turn++)
            {
                var (one, plain) = await OneAsync(log, file, bytes);
                var (rate, batch) = await ManyAsync(log);
                var batched = Batches(file, bytes, Math.Max(1, (int)Math.Round(batch)));
                var original = Each(Path.Combine(folder, $"each-{round}", "audit.jsonl"), bytes);
                if (round == 0)
                {
                    continue; // warm-up
                }

                single.Add(one);
                raw.Add(plain);
                many.Add(rate);
                batchSizes.Add(batch);
                each.Add(original);
                rawBatch.Add(batched);
            }

            if (round > 0)
            {
                Console.Error.WriteLine($"round {round}: 64 writers {Last(many):F0}/s in batches of {Last(batchSizes):F1}; raw batches {Last(rawBatch):F0}/s; one fsync each {Last(each):F0}/s; one writer {Last(single):F0} us, raw {Last(raw):F0} us");
            }
        }

        Directory.Delete(folder, recursive: true);
        return new()
        {
            ["ratio_to_fsync_each"] = Ratio(many, each),
            ["ratio_to_raw_batch"] = Ratio(many, rawBatch),
            ["ratio_one_writer"] = Ratio(single, raw),
            ["events_per_s"] = Math.Round(Figures.Median(many)),
            ["fsync_each_per_s"] = Math.Round(Figures.Median(each)),
            ["raw_batch_per_s"] = Math.Round(Figures.Median(rawBatch)),
            ["batch"] = Math.Round(Figures.Median(batchSizes), 1),
            ["one_writer_us"] = Math.Round(Figures.Median(single), 1),
            ["raw_write_us"] = Math.Round(Figures.Median(raw), 1),
            ["file_system"] = $"{fileSystem} {folder}",
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread([.. many.Zip(each, static (m, e) => m / e)]),
        };
    }

    /// <summary>Median of the turns' own ratios.</summary>
    private static double Ratio(List<double> ours, List<double> theirs) => Math.Round(Figures.Median([.. ours.Zip(theirs, static (o, t) => o / t)]), 3);

    private static AuditEvent.Request Event(int n) =>
        new(n.ToString("x32", System.Globalization.CultureInfo.InvariantCulture), Agent, Machine, Argv, "restart services", 0, 30_000);

    /// <summary>A line as the log writes it.</summary>
    private static byte[] Bytes(string folder, AuditKeys keys)
    {
        var directory = Path.Combine(folder, "line");
        using (var log = AuditLog.Open(new AuditConfig { Directory = directory }, keys, TimeProvider.System))
        {
            log.AppendAsync(Event(1), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }

        var bytes = File.ReadAllBytes(Path.Combine(directory, "audit.jsonl"));
        Directory.Delete(directory, recursive: true);
        return bytes[..(bytes.AsSpan().IndexOf((byte)'\n') + 1)];
    }

    private static double Last(List<double> values) => Figures.Median(values[^Turns..]);

    /// <summary>Medians in microseconds.</summary>
    private static async Task<(double Log, double Raw)> OneAsync(AuditLog log, SafeFileHandle file, byte[] bytes)
    {
        const int events = 40;
        List<double> ours = [], raw = [];
        for (var i = 0; i < events; i++)
        {
            var clock = Stopwatch.GetTimestamp();
            await log.AppendAsync(Event(i), CancellationToken.None);
            ours.Add(Stopwatch.GetElapsedTime(clock).TotalMicroseconds);
            clock = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, bytes, RandomAccess.GetLength(file));
            DurableFile.SyncData(file);
            raw.Add(Stopwatch.GetElapsedTime(clock).TotalMicroseconds);
        }

        return (Figures.Median(ours), Figures.Median(raw));
    }

    /// <summary>Events a second of 64 callers that each wait for their acknowledgement, and events per sync.</summary>
    private static async Task<(double Rate, double Batch)> ManyAsync(AuditLog log)
    {
        const int each = 40;
        var syncs = 0;
        log.Written = () => Interlocked.Increment(ref syncs);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                await log.AppendAsync(Event((w * each) + i), CancellationToken.None);
            }
        })));
        var seconds = clock.Elapsed.TotalSeconds;
        log.Written = null;
        return (Writers * each / seconds, Writers * each / (double)syncs);
    }

    /// <summary>As the original wrote: for each event mkdir, open, append, fsync, close.</summary>
    private static double Each(string path, byte[] bytes)
    {
        const int events = 40;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < events; i++)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.Write(bytes);
            DurableFile.SyncData(file.SafeFileHandle);
        }

        return events / clock.Elapsed.TotalSeconds;
    }

    private static double Batches(SafeFileHandle file, byte[] bytes, int batch)
    {
        const int batches = 40;
        var block = new byte[bytes.Length * batch];
        for (var i = 0; i < batch; i++)
        {
            bytes.CopyTo(block, i * bytes.Length);
        }

        var start = RandomAccess.GetLength(file);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < batches; i++)
        {
            RandomAccess.Write(file, block, start + ((long)i * block.Length));
            DurableFile.SyncData(file);
        }

        return batches * batch / clock.Elapsed.TotalSeconds;
    }

    /// <summary>"ext4", by the longest mount point in /proc/self/mountinfo that holds the folder.</summary>
    private static string FileSystemOf(string folder)
    {
        var best = (Length: -1, Type: "unknown");
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            // 36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/vda rw
            var words = line.Split(' ');
            var type = words[Array.IndexOf(words, "-") + 1];
            if ((folder + "/").StartsWith(words[4].TrimEnd('/') + "/", StringComparison.Ordinal) && words[4].Length >= best.Length)
            {
                best = (words[4].Length, type);
            }
        }

        return best.Type;
    }
}
