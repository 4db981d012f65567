using System.Diagnostics;
using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Signing;

namespace DevOpsAgent.EndToEnd.Audit;

/// <summary>kill -9 of a process with 16 writers, at random moments, on one log: no acknowledged event is lost, the chain stays whole.</summary>
[Collection(ProcessTests.Name)]
public sealed class AuditKillTests(ITestOutputHelper output)
{
    private const int Kills = 40;

    [Fact]
    public async Task Forty_kills_lose_no_acknowledged_event_and_leave_the_chain_whole()
    {
        var root = Directory.CreateTempSubdirectory("devops-agent-kill-").FullName;
        var folder = Path.Combine(root, "log");
        var acknowledged = new List<string>();
        var random = new Random(7);
        for (var i = 0; i < Kills; i++)
        {
            await KillAsync(folder, acknowledged, TimeSpan.FromMilliseconds(random.Next(1, 80)));
        }

        using var ring = KeyRing.Open(Path.Combine(folder, AuditKeys.Folder), TimeProvider.System);
        var keys = AuditKeys.Of(ring);
        using (AuditLog.Open(new AuditConfig { Directory = folder }, keys, TimeProvider.System))
        {
            // Opening it repairs what the last kill tore.
        }

        var found = new AuditVerifier(keys.TryFindPublic).Verify(folder, TestContext.Current.CancellationToken);
        found.Problem.ShouldBeNull();
        found.TornBytes.ShouldBe(0);
        var written = new HashSet<string>(StringComparer.Ordinal);
        using (var tail = new AuditTail(folder))
        {
            while (tail.TryRead(out var line, out _))
            {
                written.Add(line.RequestId ?? "");
            }
        }

        acknowledged.Count.ShouldBeGreaterThan(Kills);
        acknowledged.Where(id => !written.Contains(id)).ShouldBeEmpty();
        output.WriteLine($"{Kills} kills, {acknowledged.Count} events acknowledged, {found.Lines} lines in {found.Segments} segments");
        Directory.Delete(root, recursive: true);
    }

    private static async Task KillAsync(string folder, List<string> acknowledged, TimeSpan time)
    {
        var start = new ProcessStartInfo(Writer(), ["audit-writer", folder]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var ready = await process.StandardOutput.ReadLineAsync();
        ready.ShouldBe("ready", ready is null ? await errors : "");
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

    /// <summary>The benchmarks' program, built beside this one: tests/X/bin/Release/net10.0 → benchmarks/Y/bin/Release/net10.0.</summary>
    private static string Writer()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var root = here.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "benchmarks", "DevOpsAgent.Bench", "bin", here.Parent.Name, here.Name, "DevOpsAgent.Bench");
    }
}
