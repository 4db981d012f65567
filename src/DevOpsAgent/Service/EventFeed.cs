using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Service;

/// <summary>
/// Stage two: gives parsed blocks to the detector, in the order of the log. Service, scan, replay, explain and rule tests all
/// feed it. One thread at a time.
/// </summary>
internal sealed class EventFeed(Detector detector)
{
    private readonly Dictionary<LogConfig, Source> _sources = new(ReferenceEqualityComparer.Instance);
    private readonly List<Finding> _findings = [];

    public Detector Detector { get; } = detector;

    /// <summary>Newest event time so far that isn't ahead of its predecessors by more than a day; null before the first event.</summary>
    public DateTimeOffset? Newest { get; private set; }

    public long Suspicious { get; private set; }

    /// <summary>Observes every event of the block; the findings live until the next call.</summary>
    /// <param name="lines">The bytes that the block was filled from.</param>
    public IReadOnlyList<Finding> Observe(ParsedBlock block, ReadOnlySpan<byte> lines, LogConfig log)
    {
        if (!_sources.TryGetValue(log, out var source))
        {
            _sources.Add(log, source = new(log));
        }

        _findings.Clear();
        for (var i = 0; i < block.Count; i++)
        {
            ref var facts = ref block.Facts(i);
            ref readonly var record = ref block.At(i);
            if (!log.TrustClf)
            {
                source.Judge(ref facts, record);
            }

            Suspicious += facts.Tags != 0 ? 1 : 0;
            Detector.Observe(facts, lines.Slice(record.Start, record.Length), source.Read, _findings);
        }

        if (block.Count > 0)
        {
            var last = new DateTimeOffset(block.Facts(block.Count - 1).Time, TimeSpan.Zero);
            Newest = Newest is not { } newest || (last > newest && last - newest < TimeSpan.FromDays(1)) ? last : Newest;
        }

        return _findings;
    }

    private sealed class Source
    {
        private readonly LineParser _parser;

        public Source(LogConfig log)
        {
            _parser = new(new ClientResolver(log.TrustedProxies));
            Read = TryRead;
        }

        private readonly RequestCountTracker _counts = new();
        private readonly FormatTracker _formats = new();

        public EventReader Read { get; }

        /// <summary>Marks what looks forged, by the lines around it.</summary>
        public void Judge(ref EventFacts facts, in ParsedBlock.Record record)
        {
            // The flags of both have the same values.
            facts.Flags |= (FactFlags)_formats.Observe(record.Format, record.RequestCount);
            if (record.Format != LogFormat.Json && _counts.IsSuspect(record.RequestCount, facts.Time, record.DurationNs))
            {
                facts.Flags |= FactFlags.Suspect;
            }
        }

        /// <summary>Reads a record once more for its texts; one that a container runtime split spans several lines.</summary>
        private bool TryRead(ReadOnlySpan<byte> record, out LogEvent e)
        {
            _parser.Reset();
            while (record.IndexOf((byte)'\n') is >= 0 and var end)
            {
                if (_parser.TryParse(record[..end], out e, out _))
                {
                    return true;
                }

                record = record[(end + 1)..];
            }

            return _parser.TryParse(record, out e, out _);
        }
    }
}
