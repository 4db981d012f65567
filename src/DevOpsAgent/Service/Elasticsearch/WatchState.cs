using System.Globalization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>
/// How far an index pattern was searched, in milliseconds of event time. It is stored with the detector's state in one
/// transaction, so that after a kill nothing is missing and nothing counts twice. Immutable.
/// </summary>
/// <param name="Floor">Nothing before it is ever read: where the first start began.</param>
/// <param name="From">Everything before it was searched.</param>
/// <param name="Fed">Clients whose events were read, and up to when. Others have none in the detector.</param>
internal sealed record WatchState(long Floor, long From, IReadOnlyDictionary<ClientAddress, long> Fed)
{
    private const string FromId = "searched";
    private const string FloorId = "floor";

    /// <summary>As sources are called in checkpoints and on health pages.</summary>
    public static string SourceOf(string pattern) => "elasticsearch " + pattern;

    /// <summary>Null: this pattern was never searched.</summary>
    public static WatchState? Read(string pattern, IReadOnlyList<LogCheckpoint> checkpoints)
    {
        var source = SourceOf(pattern);
        long? floor = null, from = null;
        var fed = new Dictionary<ClientAddress, long>();
        foreach (var row in checkpoints.Where(c => c.Source == source))
        {
            switch (row.FileId)
            {
                case FromId: from = row.Offset; break;
                case FloorId: floor = row.Offset; break;
                default:
                    if (ClientAddress.TryParse(row.FileId, out var client))
                    {
                        fed[client] = row.Offset;
                    }

                    break;
            }
        }

        return from is { } at ? new(floor ?? at, at, fed) : null;
    }

    /// <summary>The block's own checkpoint; <see cref="Rows"/> are the others that changed.</summary>
    public LineBlock Block(string pattern, ReadOnlyMemory<byte> lines, IEnumerable<ClientAddress> changed, Configuration.LogConfig log, DateTimeOffset now)
    {
        var source = SourceOf(pattern);
        return new(source, FromId, lines, From, 0, log)
        {
            Checkpoints = [new(source, FloorId, Floor, 0, now), .. changed.Select(c => new LogCheckpoint(source, c.ToString(), Fed[c], 0, now))],
        };
    }

    public static DateTimeOffset Time(long millis) => DateTimeOffset.FromUnixTimeMilliseconds(millis);

    public static string Text(long millis) => Time(millis).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
