using DevOpsAgent.Configuration;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Service;

/// <summary>A look at the newest part of a log, for <c>doctor</c>: what it is written in, who stands before Traefik, what can't be read.</summary>
internal sealed class LogCheckup
{
    /// <summary>Bytes at the end of the log that are looked at: some 4,000 lines of JSON.</summary>
    private const int Tail = 4 * 1024 * 1024;

    private readonly LineStatistics _statistics = new();

    private LogCheckup()
    {
    }

    public LineStatistics Statistics => _statistics;

    /// <summary>Lines with a user agent: none means that Traefik drops the header.</summary>
    public long WithAgent { get; private set; }

    /// <summary>CLF lines whose RequestCount is out of step: probably forged.</summary>
    public long Suspect { get; private set; }

    public DateTimeOffset? Newest { get; private set; }

    public required TopologyReport Topology { get; init; }

    /// <exception cref="IOException">The log can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static LogCheckup Read(LogConfig log)
    {
        using var file = File.OpenHandle(log.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        var bytes = new byte[(int)Math.Min(length, Tail)];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(read), length - bytes.Length + read) is > 0 and var count)
        {
            read += count;
        }

        // The first line of the tail is torn, and so is a last one without a line feed.
        var text = bytes.AsSpan(0, read);
        text = length > Tail ? text[(text.IndexOf((byte)'\n') + 1)..] : text;
        return Of(text[..(text.LastIndexOf((byte)'\n') + 1)], log);
    }

    private static LogCheckup Of(ReadOnlySpan<byte> text, LogConfig log)
    {
        var resolver = new ClientResolver(log.TrustedProxies);
        var parser = new LineParser(resolver);
        var topology = new Topology(resolver);
        var counts = new RequestCountTracker();
        var statistics = new LineStatistics();
        long agents = 0, suspect = 0, newest = 0;
        while (text.Length > 0)
        {
            var end = text.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (!parser.TryParse(line, out var e, out var reason))
            {
                statistics.AddUnparsed(reason, line.Length);
                continue;
            }

            statistics.AddParsed(e.Format, line.Length);
            topology.Observe(e);
            agents += e.Agent.IsEmpty ? 0 : 1;
            newest = Math.Max(newest, e.Time);
            suspect += (e.Flags & LogEventFlags.Forgeable) != LogEventFlags.None && counts.IsSuspect(e.RequestCount, e.Time, e.DurationNs) ? 1 : 0;
        }

        var checkup = new LogCheckup { Topology = topology.Report(), WithAgent = agents, Suspect = suspect, Newest = newest == 0 ? null : new(newest, TimeSpan.Zero) };
        checkup._statistics.Merge(statistics);
        return checkup;
    }
}
