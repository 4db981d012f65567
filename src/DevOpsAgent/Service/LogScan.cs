using System.Collections.Concurrent;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Service;

/// <summary>
/// Whole files to incidents, in memory: what <c>scan</c>, <c>replay</c> and <c>explain</c> run. The parts are the service's
/// own; the clock stands at the newest event. Blocks are parsed on all cores and observed in their order.
/// </summary>
internal sealed class LogScan
{
    private readonly EventFeed _feed;
    private readonly Classifier _classifier;
    private readonly EventClock _clock = new();
    private readonly IncidentBook _book;
    private readonly Recommender _recommender;
    private readonly SortedDictionary<long, Incident> _incidents = [];
    private readonly List<string> _problems = [];
    private Topology _topology = new(ClientResolver.Direct);

    public LogScan(AgentConfig config, Detector detector)
    {
        _feed = new(detector);
        _classifier = new(detector.Rules.Lists);
        _book = new(_clock);
        _recommender = new(config.Blocking, plan: null, () => Topology is { PeerBlockHitsBalancer: true } report ? report.Sentence : null);
    }

    public Detector Detector => _feed.Detector;
    public LineStatistics Statistics { get; } = new();
    public long SkippedLongLines { get; private set; }
    public IEnumerable<Incident> Incidents => _incidents.Values;

    /// <summary>Of the file read last.</summary>
    public TopologyReport Topology
    {
        get
        {
            // Recommendations ask for it while another thread is still observing.
            lock (_topology)
            {
                return _topology.Report();
            }
        }
    }

    /// <summary>What could not be read, or only in part.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Reads one file, plain or gzip. False: it could not be opened; <see cref="Problems"/> says why.</summary>
    /// <param name="progress">Told the bytes read so far, from any thread.</param>
    public bool Read(string path, LogConfig log, Action<long>? progress, CancellationToken cancellationToken)
    {
        if (!FileReader.TryOpen(path, out var reader, out var problem))
        {
            _problems.Add(problem);
            return false;
        }

        using (reader)
        {
            _topology = new(new ClientResolver(log.TrustedProxies));
            // In the order of the blocks, so that a recommendation never depends on which thread was faster.
            var observed = new InOrder<Piece>(piece =>
            {
                Observe(piece, log);
                progress?.Invoke(reader.BytesRead);
            }, BlocksAhead);
            var free = new ConcurrentBag<ParsedBlock>();
            var workers = Math.Clamp(Environment.ProcessorCount, 1, 8);
            var tasks = Enumerable.Range(0, workers).Select(_ => Task.Factory.StartNew(
                () => Work(reader, log, observed, free, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            try
            {
                Task.WaitAll(tasks, CancellationToken.None);
            }
            catch (AggregateException e) when (e.InnerExceptions.All(static i => i is OperationCanceledException))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            SkippedLongLines += reader.SkippedLongLines;
            if (reader.Problem is { } trouble)
            {
                _problems.Add(trouble);
            }
        }

        return true;
    }

    private void Work(FileReader reader, LogConfig log, InOrder<Piece> observed, ConcurrentBag<ParsedBlock> free, CancellationToken cancellationToken)
    {
        var resolver = new ClientResolver(log.TrustedProxies);
        var parser = new LineParser(resolver);
        var scratch = new ClassifierScratch();
        try
        {
            while (!cancellationToken.IsCancellationRequested && reader.TryReadNext(out var block))
            {
                var parsed = free.TryTake(out var used) ? used : new();
                var topology = block.Number < TopologyBlocks ? new Topology(resolver) : null;
                parsed.Fill(block.Bytes.Span, parser, _classifier, scratch, log.TrustClf, topology);
                if (!observed.Give(block.Number, new(block, parsed, topology, free)))
                {
                    return;
                }
            }
        }
        catch
        {
            observed.Stop();
            throw;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            observed.Stop();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The first megabytes of a log tell what stands before Traefik.</summary>
    private const int TopologyBlocks = 16;

    /// <summary>Blocks that may wait parsed while an earlier one is observed.</summary>
    private const int BlocksAhead = 3;

    /// <summary>A parsed block on its way.</summary>
    private readonly record struct Piece(FileBlock Block, ParsedBlock Parsed, Topology? Topology, ConcurrentBag<ParsedBlock> Free);

    private void Observe(in Piece piece, LogConfig log)
    {
        using var block = piece.Block;
        var parsed = piece.Parsed;
        if (piece.Topology is { } topology)
        {
            _topology.Merge(topology);
        }

        Observe(parsed, block.Bytes.Span, log);
        piece.Free.Add(parsed);
    }

    private void Observe(ParsedBlock parsed, ReadOnlySpan<byte> lines, LogConfig log)
    {
        Statistics.Merge(parsed.Statistics);
        var findings = _feed.Observe(parsed, lines, log);
        if (findings.Count == 0)
        {
            return;
        }

        _clock.MoveTo(_feed.Newest);
        var stored = new List<Incident>();
        foreach (var (change, _) in _book.Record(findings, static _ => null, _recommender.Make))
        {
            var incident = change.Id == 0 ? change with { Id = _incidents.Count + 1 } : change;
            _incidents[incident.Id] = incident;
            stored.Add(incident);
        }

        _book.Stored(stored);
    }
}
