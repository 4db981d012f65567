using DevOpsAgent.Logs;

namespace DevOpsAgent.Detection;

/// <summary>Collects the evidence of one client and threat, from the first request that counted.</summary>
internal sealed class EvidenceRecord(int threat, long start, long requestsBefore)
{
    public const int MaxSamples = 20;
    private const int FirstSamples = 12;

    /// <summary>Bytes; 2 KiB with each invalid one stored as U+FFFD, as it once was.</summary>
    private const int MaxStoredSample = 3 * 2048;

    /// <summary>Up to here each new text is taken; then that of each eighth request.</summary>
    private const int AllTexts = 64;

    private const int MaxDistinct = 1000;

    private TopCounter _paths;
    private TopCounter _agents;
    private TopCounter _statuses;
    private TopCounter _hosts;
    private TopCounter _routers;
    private TopCounter _entryPoints;
    private (long Time, byte[] Line)[] _samples = [];
    private int _sampleCount;
    private ChartRecorder _chart = new(start);
    private DistinctHashes _distinct;
    private int _sampleBytes;
    private long _firm;
    private long _refused;

    public int Threat { get; } = threat;
    public long Start { get; private set; } = start;
    public long Last { get; private set; } = start;
    public long RequestsBefore { get; } = requestsBefore;
    public long Matched { get; private set; }
    public long Suspect { get; private set; }
    public long Forwarded { get; private set; }

    /// <summary>Matched requests that were refused.</summary>
    public long Refused => _refused;

    public int DistinctPaths => _distinct.Count;
    public bool Forgeable => _firm == 0;

    /// <summary>Rules that fired for this client and threat, each once.</summary>
    public List<FiredRule> Fired { get; } = new(0);

    /// <summary>One bit per rule number, modulo 64: where none is set, the rule has not fired.</summary>
    private ulong _firedBits;

    public long EmittedMatched { get; set; }
    public long EmittedAt { get; set; }
    public int EmittedRank { get; set; } = -1;

    /// <summary>A rule fired since the last look.</summary>
    public bool Changed { get; set; }

    /// <summary>The first line that nobody can forge came after others that can be.</summary>
    public bool Firmed { get; set; }

    public int Bytes => 400 + _paths.Bytes + _agents.Bytes + _statuses.Bytes + _hosts.Bytes + _routers.Bytes + _entryPoints.Bytes
        + _chart.Bytes + _distinct.Count * 24 + _sampleBytes;

    /// <summary>
    /// A request that counted for a rule of this threat. Its line is read again only where its texts are new: a long scan
    /// costs little. Routers and entry points are counted from the lines that were read.
    /// </summary>
    /// <returns>True: the record may have grown.</returns>
    public bool Add(in EventFacts facts, scoped ref EvidenceLine line)
    {
        Matched++;
        Start = Math.Min(Start, facts.Time);
        Last = Math.Max(Last, facts.Time);
        var grown = _distinct.Count < MaxDistinct && _distinct.Add(facts.PathHash) && (_distinct.Count & (_distinct.Count - 1)) == 0;
        var often = Matched <= AllTexts || Matched % 8 == 0;
        if ((facts.Flags & FactFlags.Forgeable) == FactFlags.None && _firm++ == 0)
        {
            Firmed = Matched > 1;
        }

        _refused += StatusSet.Refused.Contains(facts.Status) ? 1 : 0;
        Suspect += (facts.Flags & FactFlags.Suspect) != FactFlags.None ? 1 : 0;
        Forwarded += (facts.Flags & FactFlags.Forwarded) != FactFlags.None ? 1 : 0;

        if (!_statuses.TryCount(facts.Status) && _statuses.Miss())
        {
            Span<byte> digits = stackalloc byte[4];
            _ = System.Buffers.Text.Utf8Formatter.TryFormat(facts.Status, digits, out var length);
            _statuses.Add(facts.Status, line.Texts.Of(digits[..length]));
        }

        var path = !_paths.TryCount(facts.RequestHash, facts.Status) && often && _paths.Miss();
        var agent = !_agents.TryCount(facts.AgentHash) && often && _agents.Miss();
        var host = !_hosts.TryCount(facts.HostHash) && often && _hosts.Miss();
        if ((path || agent || host || Matched <= MaxSamples) && line.TryRead(out var e))
        {
            AddTexts(facts, e, line.Texts, path, agent, host);
            grown = true;
        }

        // the first twelve stay; of the rest, each thirty-second request replaces the oldest
        if (_sampleCount < MaxSamples || Matched % 32 == 0)
        {
            if (_sampleCount == MaxSamples)
            {
                _sampleBytes -= 40 + _samples[FirstSamples].Line.Length;
                _samples.AsSpan(FirstSamples + 1).CopyTo(_samples.AsSpan(FirstSamples));
                _sampleCount--;
            }

            AddSample(facts.Time, line.Sample);
            grown = true;
        }

        return grown;
    }

    private void AddTexts(in EventFacts facts, in LogEvent e, RecentTexts texts, bool path, bool agent, bool host)
    {
        if (path)
        {
            _paths.Add(facts.RequestHash, texts.Of(e.Path), facts.Status);
        }

        if (agent)
        {
            _agents.Add(facts.AgentHash, texts.Of(e.Agent));
        }

        if (host)
        {
            _hosts.Add(facts.HostHash, texts.Of(e.Host));
        }

        Count(ref _routers, e.Router, texts);
        Count(ref _entryPoints, e.EntryPoint, texts);
    }

    private static void Count(ref TopCounter top, ReadOnlySpan<byte> text, RecentTexts texts)
    {
        var key = Hash64.Of(text);
        if (!top.TryCount(key) && top.Miss())
        {
            top.Add(key, texts.Of(text));
        }
    }

    private void AddSample(long time, byte[] line)
    {
        if (_sampleCount == _samples.Length)
        {
            Array.Resize(ref _samples, _sampleCount == 0 ? 2 : _sampleCount == 2 ? 6 : MaxSamples);
        }

        _samples[_sampleCount++] = (time, line);
        _sampleBytes += 40 + line.Length;
    }

    public bool HasFired(int rule)
    {
        if ((_firedBits >> (rule & 63) & 1) != 0)
        {
            foreach (var fired in Fired)
            {
                if (fired.Rule == rule)
                {
                    return true;
                }
            }
        }

        return false;
    }

    public void Fire(in FiredRule fired)
    {
        Fired.Add(fired);
        _firedBits |= 1UL << (fired.Rule & 63);
    }

    /// <summary>Any request of the client, for the chart.</summary>
    public void AddToChart(in EventFacts facts) => _chart.Add(facts.Time, facts.Status);

    public Evidence ToEvidence(long requests, IReadOnlyList<RuleCount> rules) => new()
    {
        FirstSeen = new(Start, TimeSpan.Zero),
        LastSeen = new(Last, TimeSpan.Zero),
        Requests = requests - RequestsBefore,
        Matched = Matched,
        DistinctPaths = _distinct.Count,
        Rules = rules,
        Paths = _paths.Items(withStatus: true),
        Agents = _agents.Items(),
        Statuses = _statuses.Items(),
        Hosts = _hosts.Items(),
        Routers = _routers.Items(),
        EntryPoints = _entryPoints.Items(),
        Samples = new SampleLines(Lines()),
        Chart = _chart.ToChart(),
        Forgeable = Forgeable,
        SuspectLines = Suspect,
        ForwardedLines = Forwarded,
    };

    private byte[][] Lines()
    {
        var lines = new byte[_sampleCount][];
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = _samples[i].Line;
        }

        return lines;
    }

    public void Write(BinaryWriter to)
    {
        to.Write((byte)Threat);
        to.Write(Start);
        to.Write(RequestsBefore);
        to.Write(Last);
        to.Write(Matched);
        to.Write(_firm);
        to.Write(_refused);
        to.Write(Suspect);
        to.Write(Forwarded);
        to.Write(EmittedMatched);
        to.Write(EmittedAt);
        to.Write((short)EmittedRank);
        to.Write((byte)Fired.Count);
        foreach (var fired in Fired)
        {
            to.Write((ushort)fired.Rule);
            to.Write(fired.At);
            to.Write(fired.AtRequest);
        }

        _distinct.Write(to);
        foreach (var top in (TopCounter[])[_paths, _agents, _statuses, _hosts, _routers, _entryPoints])
        {
            top.Write(to);
        }

        to.Write((byte)_sampleCount);
        foreach (var (time, line) in _samples.AsSpan(0, _sampleCount))
        {
            to.Write(time);
            to.Write7BitEncodedInt(line.Length);
            to.Write(line);
        }

        _chart.Write(to);
    }

    public static EvidenceRecord Read(BinaryReader from, RuleSet rules)
    {
        var record = new EvidenceRecord(from.ReadByte(), from.ReadInt64(), from.ReadInt64())
        {
            Last = from.ReadInt64(),
            Matched = from.ReadInt64(),
            _firm = from.ReadInt64(),
            _refused = from.ReadInt64(),
            Suspect = from.ReadInt64(),
            Forwarded = from.ReadInt64(),
            EmittedMatched = from.ReadInt64(),
            EmittedAt = from.ReadInt64(),
            EmittedRank = from.ReadInt16(),
        };
        for (int i = 0, n = from.ReadByte(); i < n; i++)
        {
            record.Fire(new(from.ReadUInt16(), from.ReadInt64(), from.ReadInt64()));
        }

        if (record.Threat >= rules.Threats.Length || record.Fired.Exists(f => f.Rule >= rules.Rules.Count))
        {
            throw new InvalidDataException("Unknown rule or threat.");
        }

        record._distinct = DistinctHashes.Read(from);
        record._paths = TopCounter.Read(from);
        record._agents = TopCounter.Read(from);
        record._statuses = TopCounter.Read(from);
        record._hosts = TopCounter.Read(from);
        record._routers = TopCounter.Read(from);
        record._entryPoints = TopCounter.Read(from);
        var samples = from.ReadByte();
        if (samples > MaxSamples)
        {
            throw new InvalidDataException("More samples than are kept.");
        }

        for (var i = 0; i < samples; i++)
        {
            record.AddSample(from.ReadInt64(), ReadBytes(from));
        }

        record._chart = ChartRecorder.Read(from);
        return record;
    }

    private static byte[] ReadBytes(BinaryReader from)
    {
        var length = from.Read7BitEncodedInt();
        return (uint)length <= MaxStoredSample && from.ReadBytes(length) is { } bytes && bytes.Length == length ? bytes : throw new InvalidDataException("A sample is cut off.");
    }
}

/// <param name="AtRequest">The client's requests, this one included, when the rule fired.</param>
internal readonly record struct FiredRule(int Rule, long At, long AtRequest);
