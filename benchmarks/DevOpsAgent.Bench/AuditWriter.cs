using System.Globalization;
using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Bench;

/// <summary>
/// The child that is killed: 16 writers append events and say the id of each that was acknowledged, one per line on standard
/// output, until the end comes. Small segments, so that closing one is hit too.
/// </summary>
internal static class AuditWriter
{
    private const int Writers = 16;

    public static AuditConfig ConfigOf(string folder) => new() { Directory = folder, SegmentSize = 128 << 10, CheckpointLines = 50 };

    public static KeyRing KeysOf(string folder) => KeyRing.Open(Path.Combine(folder, AuditKeys.Folder), TimeProvider.System);

    public static async Task<int> RunAsync(string folder, TextWriter acknowledged)
    {
        using var ring = KeysOf(folder);
        using var log = AuditLog.Open(ConfigOf(folder), AuditKeys.Of(ring), TimeProvider.System);
        var session = Guid.NewGuid().ToString("N")[..16];
        var next = 0L;
        await acknowledged.WriteLineAsync("ready");
        await acknowledged.FlushAsync();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var id = session + Interlocked.Increment(ref next).ToString("x16", CultureInfo.InvariantCulture);
                await log.AppendAsync(new AuditEvent.Started(id, 4711), CancellationToken.None);
                lock (acknowledged)
                {
                    acknowledged.Write(id + "\n");
                    acknowledged.Flush();
                }
            }
        })));
        return 0;
    }
}
