using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>
/// Reads the events of some clients in order of time, as lines, from a point in time. A page begins with the millisecond
/// that the one before ended in, and what was read of it already is left out by its id: no product's tie-breaker is needed.
/// </summary>
internal sealed class EvidenceFetch(ElasticLogs logs, ClientGroups groups) : IDisposable
{
    /// <summary>More than this is read in the next round.</summary>
    public const int SoftLimit = 16 << 20;

    private const int FirstPage = 1000;

    /// <summary>index.max_result_window of a standard index.</summary>
    private const int LongestPage = 10_000;

    /// <summary>As milliseconds the year 5138, as nanoseconds the second day of 1970.</summary>
    private const long NanosBeyond = 100_000_000_000_000;

    /// <summary>Elasticsearch 7 takes 1024 clauses.</summary>
    private const int MostStarts = 100;

    private readonly EventLine _line = new(groups.Fields);
    private readonly LineParser _parser = new(groups.Resolver);
    private readonly MemoryStream _lines = new();
    private readonly HashSet<string> _last = new(StringComparer.Ordinal);
    private long _lastTime = long.MinValue;
    private long _lastLength;

    /// <summary>Events that came back, wanted or not.</summary>
    public long Read { get; private set; }

    /// <summary>Events that no line could be made of.</summary>
    public long Unreadable { get; private set; }

    /// <summary>What the events showed of hops that wasn't known: the round is to be done again with it. Null: nothing.</summary>
    public ClientGroups? Learned { get; private set; }

    public void Dispose() => _lines.Dispose();

    /// <param name="starts">From when on each client is to be read, in milliseconds.</param>
    /// <returns>The lines, and up to when they are complete.</returns>
    public async Task<(ReadOnlyMemory<byte> Lines, long Until)> RunAsync(IReadOnlyDictionary<ClientAddress, long> starts, IReadOnlySet<string> keys, long to, CancellationToken cancellationToken)
    {
        var wanted = new BoolQuery
        {
            Should = [.. Together(starts).Select(g => new BoolQuery { Filter = [CandidateSearch.Times(groups.Fields, g.Min(static s => s.Value), to), groups.EventsOf([.. g.Select(static s => s.Key)], keys)] })],
            MinimumShouldMatch = "1",
        };
        await using var point = await logs.OpenAsync(cancellationToken);
        var size = FirstPage;
        while (true)
        {
            var after = _lastTime == long.MinValue ? [] : (IReadOnlyList<QueryNode>)[CandidateSearch.Times(groups.Fields, _lastTime, to)];
            var hits = (await logs.FindAsync(new()
            {
                Query = new BoolQuery { Filter = [wanted, .. after] },
                Size = size,
                TrackTotalHits = 0,
                PitId = point?.Id,
                Sort = [new(groups.Fields.Time.Name, false) { UnmappedType = "date" }],
                Source = new(true, groups.Fields.Sources, []),
            }, cancellationToken)).Hits;
            var before = _lastTime;
            foreach (var hit in hits)
            {
                Take(hit, starts);
            }

            if (Learned is not null || hits.Count < size)
            {
                return (_lines.ToArray(), to);
            }

            if (_lastTime == before)
            {
                // A whole page of one millisecond.
                size = size < LongestPage ? LongestPage
                    : throw new ElasticException(ElasticFault.Refused, $"More than {LongestPage} events of suspicious clients bear the time {WatchState.Text(_lastTime)}, to the millisecond: correct the pipeline that writes [{groups.Fields.Time.Name}].");
            }
            else if (_lines.Length > SoftLimit)
            {
                // The last millisecond may go on in the next page: it is read again, whole.
                return (_lines.ToArray().AsMemory(0, (int)_lastLength), _lastTime);
            }
        }
    }

    /// <summary>Clients that are read from the same time on; with too many times, from the earliest of some. What was read of them already is left out again below.</summary>
    private static IEnumerable<IReadOnlyList<KeyValuePair<ClientAddress, long>>> Together(IReadOnlyDictionary<ClientAddress, long> starts)
    {
        var groups = starts.GroupBy(static s => s.Value).OrderBy(static g => g.Key).ToList();
        return groups.Chunk(Math.Max(1, (groups.Count + MostStarts - 1) / MostStarts)).Select(static chunk => (IReadOnlyList<KeyValuePair<ClientAddress, long>>)[.. chunk.SelectMany(static g => g)]);
    }

    private void Take(JsonElement hit, IReadOnlyDictionary<ClientAddress, long> starts)
    {
        if (!TryTime(hit, out var time) || !hit.TryGetProperty("_source", out var source))
        {
            throw new ElasticException(ElasticFault.Garbage, "A hit lacks its _source or its sort value: events can't be read where _source is switched off in the mapping.") { Status = 200 };
        }

        var id = (hit.TryGetProperty("_index", out var index) ? index.GetString() : "") + "/" + (hit.TryGetProperty("_id", out var own) ? own.GetString() : "");
        if (time != _lastTime)
        {
            _last.Clear();
            (_lastTime, _lastLength) = (time, _lines.Length);
        }

        if (!_last.Add(id))
        {
            return;
        }

        Read++;
        if (!_line.TryWrite(source, out var line) || !_parser.TryParse(line, out var e, out _))
        {
            Unreadable++;
            return;
        }

        Learned ??= groups.Learn(e);

        // Another client's event that bears the wanted one's name, or one that was read in an earlier round.
        if (starts.TryGetValue(e.Client, out var start) && time >= start)
        {
            _lines.Write(line);
            _lines.WriteByte((byte)'\n');
        }
    }

    /// <summary>The sort value: milliseconds, or nanoseconds of a date_nanos.</summary>
    private static bool TryTime(JsonElement hit, out long time)
    {
        time = 0;
        if (!hit.TryGetProperty("sort", out var sort) || sort.ValueKind != JsonValueKind.Array || sort.GetArrayLength() == 0 || sort[0].ValueKind != JsonValueKind.Number || !sort[0].TryGetInt64(out time))
        {
            return false;
        }

        time = time > NanosBeyond ? time / 1_000_000 : time;
        return true;
    }
}
