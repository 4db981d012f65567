using DevOpsAgent.Configuration;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.LogStore.Disk;
using DevOpsAgent.LogStore.Ingest;

namespace DevOpsAgent.Service;

/// <summary>Keeps what the service reads in the embedded store: lines in, flushed and bounded every few seconds. Its faults never stop the service.</summary>
internal sealed class LogStoreFeed(LogStoreDirectory directory, TimeProvider time, Action<string> tell)
{
    /// <summary>Prefix of the indexes, one per day.</summary>
    public const string IndexPrefix = "traefik-logs";

    /// <summary>What is not on the disk after a kill is at most this old.</summary>
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(5);

    private readonly Dictionary<LogConfig, LogIngest> _logs = new(ReferenceEqualityComparer.Instance);
    private DateTimeOffset _lastFlush = time.GetUtcNow();
    private bool _isFailing;

    public long Documents => _logs.Values.Sum(static l => l.Documents);

    public void Read(LineBlock lines)
    {
        if (!_logs.TryGetValue(lines.Config, out var ingest))
        {
            _logs.Add(lines.Config, ingest = new(directory.Catalog, directory, IndexPrefix, new ClientResolver(lines.Config.TrustedProxies)));
        }

        try
        {
            ingest.Add(lines.Bytes.Span);
            if (time.GetUtcNow() - _lastFlush >= FlushInterval)
            {
                _lastFlush = time.GetUtcNow();
                directory.Flush();
                directory.Retain();
            }

            _isFailing = false;
        }
        catch (Exception e) when (e is IOException or DslException)
        {
            if (!_isFailing)
            {
                tell($"the log store takes nothing more until its disk does: {e.Message}");
            }

            _isFailing = true;
        }
    }
}
