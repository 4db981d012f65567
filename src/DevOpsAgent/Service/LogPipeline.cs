using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>
/// From blocks of lines to stored incidents. What was read, what was counted and what was found are stored in one
/// transaction: after a kill the log is read on from where the stored counts end, so nothing is lost and nothing counts
/// twice. While the store is down it goes on watching and keeps what is to be stored. One thread.
/// </summary>
internal sealed class LogPipeline
{
    /// <summary>Reads with nothing found are stored this often; a finding is stored at once.</summary>
    public static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);

    private readonly EventFeed _feed;
    private readonly Classifier _classifier;
    private readonly ClassifierScratch _scratch = new();
    private readonly ParsedBlock _block = new();
    private readonly IncidentBook _book;
    private readonly Allowlist _allowlist;
    private readonly Recommender _recommender;
    private readonly IStore _store;
    private readonly TimeProvider _time;
    private readonly Dictionary<LogConfig, LogState> _logs = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, LogCheckpoint> _checkpoints = new(StringComparer.Ordinal);
    private readonly Dictionary<ClientAddress, ClientStateRow> _states = [];
    private readonly HashSet<ClientAddress> _forgotten = [];
    private readonly List<Finding> _findings = [];
    private DateTimeOffset _lastCommit;

    public LogPipeline(Detector detector, IncidentBook book, Allowlist allowlist, Recommender recommender, IStore store, TimeProvider time)
    {
        _feed = new(detector);
        _classifier = new(detector.Rules.Lists);
        (_book, _allowlist, _recommender, _store, _time) = (book, allowlist, recommender, store, time);
        _lastCommit = time.GetUtcNow();
    }

    /// <summary>Counts of all lines so far.</summary>
    public LineStatistics Statistics { get; } = new();

    public TrafficSeries Traffic { get; } = new();

    /// <summary>Something was read that isn't stored yet.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Due: a finding waits, or the interval is over.</summary>
    public bool IsDue => IsDirty && (_findings.Count > 0 || UntilDue <= TimeSpan.Zero);

    public TimeSpan UntilDue => _lastCommit + CommitInterval - _time.GetUtcNow();

    /// <summary>Why a block by TCP peer would be wrong with one of the logs; null: nothing speaks against it.</summary>
    public string? PeerProblem => Topologies.Where(static t => t.PeerBlockHitsBalancer).Select(static t => t.Sentence).FirstOrDefault();

    /// <summary>Why no block of this incident is right, whoever approves it; null: nothing speaks against it.</summary>
    public string? NoForm(Incident incident)
    {
        var (topologies, forwarded) = (Topologies, incident.Evidence.ForwardedLines > 0);
        return incident.Clients.SelectMany(client => topologies.Select(t => t.NoForm(client, forwarded))).FirstOrDefault(static text => text is not null);
    }

    public IReadOnlyList<TopologyReport> Topologies => [.. _logs.Values.Select(static l => l.Topology.Report())];

    public void Read(LineBlock lines)
    {
        if (!_logs.TryGetValue(lines.Config, out var log))
        {
            _logs.Add(lines.Config, log = new(lines.Config));
        }

        var suspicious = _feed.Suspicious;
        _block.Fill(lines.Bytes.Span, log.Parser, _classifier, _scratch, lines.Config.TrustClf, log.Topology);
        _findings.AddRange(_feed.Observe(_block, lines.Bytes.Span, lines.Config));
        Statistics.Merge(_block.Statistics);
        Traffic.Add(_time.GetUtcNow(), _block.Count, _feed.Suspicious - suspicious);
        if (lines.FileId.Length > 0)
        {
            _checkpoints[lines.Source] = new(lines.Source, lines.FileId, lines.EndOffset, lines.HeadHash, _time.GetUtcNow());
        }

        foreach (var further in lines.Checkpoints)
        {
            _checkpoints[$"{further.Source}\n{further.FileId}"] = further;
        }

        IsDirty = true;
    }

    /// <summary>
    /// Stores everything since the last commit, all of it or nothing. Returns the incidents that were stored, with those that
    /// are new first seen as Version 1.
    /// </summary>
    /// <exception cref="StoreException">Nothing is lost: the next call stores it.</exception>
    public IReadOnlyList<Incident> Commit()
    {
        foreach (var row in _feed.Detector.TakeDirty())
        {
            _states[row.Client] = row;
            _forgotten.Remove(row.Client);
        }

        foreach (var client in _feed.Detector.TakeForgotten())
        {
            _states.Remove(client);
            _forgotten.Add(client);
        }

        // A failed try is not repeated for every block that comes meanwhile.
        _lastCommit = _time.GetUtcNow();
        var changes = _findings.Count == 0 ? [] : _book.Record(_findings, client => _allowlist.IsAllowed(client, _time.GetUtcNow(), out var entry) ? entry : null, _recommender.Make);
        var stored = _store.Commit(new()
        {
            Incidents = changes,
            Checkpoints = [.. _checkpoints.Values],
            ClientStates = [.. _states.Values],
            ForgottenClients = [.. _forgotten],
            Merge = IncidentBook.Merge,
        });
        _book.Stored(stored);
        _findings.Clear();
        _checkpoints.Clear();
        _states.Clear();
        _forgotten.Clear();
        IsDirty = false;
        return stored;
    }

    private sealed class LogState
    {
        public LogState(LogConfig log)
        {
            var resolver = new ClientResolver(log.TrustedProxies);
            Parser = new(resolver);
            Topology = new(resolver);
        }

        public LineParser Parser { get; }
        public Topology Topology { get; }
    }
}
