using System.Runtime.CompilerServices;
using DevOpsAgent.Logs;
using DevOpsAgent.Service.Elasticsearch;

namespace DevOpsAgent.Tests.Service.Elasticsearch;

/// <summary>Drives a watch as the reading thread does.</summary>
internal static class Watching
{
    public static string Samples => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "..", "..", "samples"));

    /// <summary>Looks until nothing more is due; each block goes to <paramref name="read"/>. Returns how many there were.</summary>
    public static async Task<int> RoundAsync(ElasticWatch watch, Action<LineBlock> read)
    {
        var blocks = 0;
        while (true)
        {
            var block = watch.TryRead();
            if (block is not null)
            {
                blocks++;
                read(block);
            }
            else if (watch.Looking is { } look)
            {
                await look.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
            else
            {
                return blocks;
            }
        }
    }

    private static string Here([CallerFilePath] string file = "") => file;
}
