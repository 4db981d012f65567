using System.Diagnostics;
using System.Text.Json.Nodes;
using DevOpsAgent.Audit;

namespace DevOpsAgent.Bench;

/// <summary>kill -9 of a process that writes the audit log under load, again and again on one directory. After each kill the chain must be valid, at the end every acknowledged event must be in it.</summary>
internal static class AuditKillBench
{
    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var kills = options.Rounds > 0 ? options.Rounds : 1000;
        var root = Path.Combine(options.Cache, "audit-kill");
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }

        var folder = Path.Combine(root, "log");
        Directory.CreateDirectory(root);
        using var ring = AuditWriter.KeysOf(folder);
        var keys = AuditKeys.Of(ring);
        var acknowledged = new HashSet<string>(StringComparer.Ordinal);
        var random = new Random(1);
        var broken = 0;
        for (var kill = 1; kill <= kills; kill++)
        {
            await RunOneAsync(Environment.ProcessPath!, folder, acknowledged, TimeSpan.FromMilliseconds(random.Next(1, 60)));
            if (kill % 10 == 0 || kill == kills)
            {
                using (AuditLog.Open(AuditWriter.ConfigOf(folder), keys, TimeProvider.System))
                {
                    // Opening repairs what the kill tore.
                }

                var found = new AuditVerifier(keys.TryFindPublic).Verify(folder, CancellationToken.None);
                broken += found.Problem is null && found.TornBytes == 0 ? 0 : 1;
            }

            if (kill % 100 == 0)
            {
                Console.Error.WriteLine($"{kill} kills, {acknowledged.Count} events acknowledged, {broken} broken chains");
            }
        }

        var lost = acknowledged.Except(Ids(folder), StringComparer.Ordinal).Count();
        var torn = Directory.GetFiles(folder, "audit-torn-*").Length;
        Directory.Delete(root, recursive: true);
        return new() { ["kills"] = kills, ["acknowledged"] = acknowledged.Count, ["lost"] = lost, ["broken_chains"] = broken, ["torn_tails"] = torn };
    }

    /// <summary>Starts a writer, kills it after the time, and adds what it had said to be acknowledged.</summary>
    internal static async Task RunOneAsync(string program, string folder, HashSet<string> acknowledged, TimeSpan time)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("audit-writer");
        start.ArgumentList.Add(folder);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        if (await process.StandardOutput.ReadLineAsync() != "ready")
        {
            throw new InvalidOperationException($"the writer did not start: {await errors}");
        }

        var reading = Task.Run(async () =>
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                // The last one may be cut off: 32 digits are whole.
                if (line.Length == 32)
                {
                    acknowledged.Add(line);
                }
            }
        });
        await Task.Delay(time);
        process.Kill();
        await reading;
        await process.WaitForExitAsync();
    }

    private static IEnumerable<string> Ids(string folder) => Directory.EnumerateFiles(folder, "audit*.jsonl")
        .SelectMany(File.ReadLines).Select(static l => System.Text.Json.JsonDocument.Parse(l).RootElement)
        .Where(static e => e.GetProperty("event").GetString() == "started").Select(static e => e.GetProperty("request_id").GetString()!);
}
