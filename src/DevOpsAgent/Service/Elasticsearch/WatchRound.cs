using System.Globalization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Detection.Pushdown;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>
/// One look at the events of an interval: who has reached what a rule needs, and the events of those clients alone, as lines
/// for the detector, which decides as it does with a file. Nothing is remembered of a look that failed.
/// </summary>
internal sealed class WatchRound(ElasticLogs logs, FieldResolver resolver, ClientResolver clients, RuleSet rules, WatchTiming timing, TimeProvider time)
{
    /// <summary>Longest interval of one look: after an outage it catches up step by step.</summary>
    private static readonly TimeSpan LongestStep = TimeSpan.FromHours(1);

    private static readonly TimeSpan ResolveEvery = TimeSpan.FromMinutes(10);

    /// <summary>Events that are later than this are not noticed.</summary>
    private static readonly TimeSpan LateWithin = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan MuchSkew = TimeSpan.FromSeconds(30);

    /// <summary>The longest that any rule looks back: so much of a client that comes into view is read.</summary>
    private readonly TimeSpan _longest = rules.Rules.SelectMany(static r => r.When.Select(static c => c.Within).Append(r.Within)).Append(TimeSpan.FromMinutes(1)).Max();

    private ClientGroups? _groups;
    private IReadOnlyList<RuleProbe> _probes = [];
    private long _resolvedAt;

    /// <summary>With more clients than one query takes, the rest comes in the next look at the same interval.</summary>
    private long? _sameTo;

    /// <summary>The time searched last, and how many events it had then: more of them now came too late.</summary>
    private (long From, long To, long Count)? _last;

    /// <summary>What people should know though it doesn't stop the work: late events, wrong clocks. Null: nothing.</summary>
    public string? Note { get; private set; }

    /// <summary>Events that came after their interval was searched, since the start.</summary>
    public long Late { get; private set; }

    /// <param name="state">Null: the first look ever.</param>
    /// <returns>Null: nothing is due yet.</returns>
    /// <exception cref="ElasticException">The look failed, or its result has gaps.</exception>
    public async Task<WatchResult?> RunAsync(WatchState? state, CancellationToken cancellationToken)
    {
        await ResolveAsync(cancellationToken);
        var moment = await ClusterMoment.AskAsync(logs, _groups!, _last is { } known ? (known.From, known.To) : (0, 1), cancellationToken);
        _groups = moment.Groups;
        Look(moment);
        var end = (moment.Now ?? time.GetUtcNow().ToUnixTimeMilliseconds()) - (long)timing.IngestLag.TotalMilliseconds;
        state ??= First(end - (long)timing.Start.TotalMilliseconds);
        var to = _sameTo ?? Math.Min(end, state.From + (long)LongestStep.TotalMilliseconds);
        if (to <= state.From)
        {
            return null;
        }

        // What is learned of hops during the look changes how clients are grouped: then it is done again, at most twice.
        for (var i = 0; ; i++)
        {
            var groups = _groups!;
            var (result, learned) = await LookAsync(state, groups, to, cancellationToken);
            if (learned is null || i == 2)
            {
                _sameTo = result.IsCut ? to : null;
                if (result.State.From >= to)
                {
                    var since = Math.Max(state.Floor, to - (long)LateWithin.TotalMilliseconds);
                    _last = (since, to, await CountAsync(since, to, cancellationToken));
                }

                return result with { IsBehind = result.State.From < end };
            }

            _groups = learned;
        }
    }

    private static WatchState First(long from) => new(from, from, new Dictionary<ClientAddress, long>());

    private async Task ResolveAsync(CancellationToken cancellationToken)
    {
        if (_groups is not null && time.GetElapsedTime(_resolvedAt) < ResolveEvery)
        {
            return;
        }

        var fields = resolver.Resolve(await logs.CapsAsync(resolver.Asked, cancellationToken), logs.Pattern);
        _probes = RuleProbe.Of(rules, fields);
        _groups = new(fields, clients, _groups?.SawForwarded ?? false, _groups?.SawChain ?? false);
        _resolvedAt = time.GetTimestamp();
    }

    private void Look(ClusterMoment moment)
    {
        var notes = new List<string>();
        if (_last is { } last && moment.Counted > last.Count)
        {
            Late += moment.Counted - last.Count;
            _last = last with { Count = moment.Counted };
        }

        if (Late > 0)
        {
            notes.Add($"{Late} events came after their time had been searched; raise elasticsearch.ingest_lag ({timing.IngestLag.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s)");
        }

        if (moment.Now is { } now && DateTimeOffset.FromUnixTimeMilliseconds(now) - time.GetUtcNow() is var skew && skew.Duration() > MuchSkew)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"the cluster's clock and this machine's differ by {skew.Duration().TotalSeconds:0} s; the cluster's is used for searching; set the clocks"));
        }

        if (moment.Newest is { } newest && newest - (moment.Now ?? time.GetUtcNow().ToUnixTimeMilliseconds()) is var ahead && ahead > MuchSkew.TotalMilliseconds)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"the newest event is {ahead / 1000} s in the future; it is read when its time has come; set the clock where Traefik runs"));
        }

        if (moment is { Sampled: > 0, Readable: 0 })
        {
            notes.Add("none of the newest events is a request of Traefik; narrow elasticsearch.index_pattern, or name the fields with elasticsearch.fields");
        }

        Note = notes.Count == 0 ? null : string.Join("; ", notes) + ".";
    }

    private async Task<(WatchResult Result, ClientGroups? Learned)> LookAsync(WatchState state, ClientGroups groups, long to, CancellationToken cancellationToken)
    {
        var candidates = new CandidateSearch(logs, groups);
        var found = (await candidates.RunAsync(_probes, state.Floor, state.From, to, cancellationToken)).Where(c => state.Fed.GetValueOrDefault(c) < to).ToList();
        var cut = found.Count > groups.MostClients;
        var earliest = Math.Max(state.Floor, Math.Min(state.From, to) - (long)_longest.TotalMilliseconds);
        var starts = found.Take(groups.MostClients).ToDictionary(static c => c, c => Math.Max(earliest, state.Fed.GetValueOrDefault(c)));
        ReadOnlyMemory<byte> lines = default;
        var until = to;
        using var fetch = new EvidenceFetch(logs, groups);
        if (starts.Count > 0)
        {
            (lines, until) = await fetch.RunAsync(starts, candidates.Keys, to, cancellationToken);
        }

        // A client that isn't looked at any more is forgotten when all its events are beyond every rule's time.
        var fed = state.Fed.Where(f => f.Value > earliest).ToDictionary();
        foreach (var (client, start) in starts)
        {
            fed[client] = Math.Max(start, until);
        }

        var next = state with { From = cut ? state.From : Math.Max(state.From, Math.Min(until, to)), Fed = fed };
        return (new(next, lines, [.. starts.Keys], fetch.Read, cut, IsBehind: false), fetch.Learned);
    }

    private async Task<long> CountAsync(long from, long to, CancellationToken cancellationToken)
    {
        var counted = await logs.FindAsync(new() { Size = 0, TrackTotalHits = -1, Query = CandidateSearch.Times(_groups!.Fields, from, to) }, cancellationToken);
        return counted.Total;
    }
}

/// <summary>When an interval is searched.</summary>
/// <param name="IngestLag">So long after its end, because events come late.</param>
/// <param name="Start">How far back the first look goes.</param>
internal sealed record WatchTiming(TimeSpan IngestLag, TimeSpan Interval, TimeSpan Start);

/// <param name="State">As it is once the lines are counted.</param>
/// <param name="Clients">Whose events they are.</param>
/// <param name="Events">Events that were read for it.</param>
/// <param name="IsCut">More clients wait.</param>
/// <param name="IsBehind">The next look may begin at once.</param>
internal sealed record WatchResult(WatchState State, ReadOnlyMemory<byte> Lines, IReadOnlyList<ClientAddress> Clients, long Events, bool IsCut, bool IsBehind);
