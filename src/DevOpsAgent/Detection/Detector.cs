using System.Numerics;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs;
using DevOpsAgent.Store;

namespace DevOpsAgent.Detection;

/// <summary>Reads a line again for its texts. True: <paramref name="e"/> is set. Called only for requests that become evidence.</summary>
internal delegate bool EventReader(ReadOnlySpan<byte> line, out LogEvent e);

/// <summary>
/// The Detector is stage two: it sees the facts of every request in the order of the log, counts them per client
/// against all rules in windows of event time, and yields findings. One thread; no clock but the events' own.
/// <para>
/// Time: a client's windows move with its own newest event, so events may be out of order by less than a window and
/// sources may lag behind each other. An event from the far future (a clock that jumped, a forged CLF line) can neither
/// close a window for others nor keep it from firing: its entries are dropped when an ordinary one comes.
/// </para>
/// </summary>
internal sealed class Detector
{
    /// <summary>A finding is renewed when its count has grown so many times, after so long (event time), or when it no longer rests on forgeable lines alone.</summary>
    private const int GrowthFactor = 2;

    private static readonly long RenewTicks = TimeSpan.FromMinutes(5).Ticks;

    private readonly RuleSet _rules;
    private readonly ClientTable _clients;
    private readonly CampaignTracker[] _campaigns;
    private readonly CompiledCondition[] _conditions;
    private readonly RuleException[][] _exceptions;
    private readonly CampaignCondition?[] _campaignOf;
    private readonly RelevanceFilter _relevance;
    private readonly MatchMemo _memo;
    private readonly ConditionJudge _judge;
    private readonly RecentTexts _texts = new();
    private readonly List<int> _touched = [];
    private ClientAddress _watched;
    private readonly Dictionary<int, long> _excepted = [];

    public Detector(RuleSet rules, DetectionConfig config)
    {
        _rules = rules;
        _conditions = rules.Conditions;
        _exceptions = [.. rules.Rules.Select(static r => r.Except.ToArray())];
        _clients = new(config);
        _campaigns = [.. rules.Rules.Select((r, i) => (r, i)).Where(x => x.r.Campaign is not null).Select(x => new CampaignTracker(rules, x.i))];
        _campaignOf = [.. rules.Rules.Select(r => r.Campaign)];
        RequestFilter[] filters = [.. _conditions.Select(c => c.Where), .. _campaigns.Select(c => c.Where)];
        _relevance = new(filters);
        _memo = new(filters, [.. _conditions.Select(c => _exceptions[c.Rule]), .. _campaigns.Select(c => _exceptions[c.Rule])]);
        _judge = new(rules);
    }

    public int Clients => _clients.Count;
    public long Evicted => _clients.Evicted;

    /// <summary>Estimate, bytes.</summary>
    public long Memory => _clients.Bytes;

    public RuleSet Rules => _rules;

    /// <summary>Counts one request and adds the findings that it causes. Never throws for any content of the line.</summary>
    /// <param name="line">The raw line: kept as a sample where it is evidence.</param>
    public void Observe(in EventFacts facts, ReadOnlySpan<byte> line, EventReader read, ICollection<Finding> findings)
    {
        if ((facts.Flags & FactFlags.OwnDenial) != FactFlags.None || facts.Client.IsNone)
        {
            return;
        }

        var state = _clients.GetOrAdd(facts.Client);
        state.Count(facts.Time, _rules.RatioWindows);
        if (state.Records is { } records)
        {
            foreach (var record in records)
            {
                record.AddToChart(facts);
            }
        }

        if (!_relevance.MayMatter(facts))
        {
            state.CountView(facts);
            return;
        }

        Count(facts, state, line, read, findings);
    }

    /// <summary>From now on, counts for this client which exceptions applied, for <see cref="Explain"/>.</summary>
    public void Watch(ClientAddress client)
    {
        _watched = client;
        _excepted.Clear();
    }

    /// <summary>What each rule counted for a client up to its newest request. Null: the client is not remembered.</summary>
    public Explanation? Explain(ClientAddress client)
    {
        if (_clients.Find(client) is not { } state)
        {
            return null;
        }

        var rules = _rules.Rules.Select((rule, index) => new RuleExplanation
        {
            Rule = rule,
            Fired = state.Record(_rules.RuleThreats[index])?.Fired.Where(f => f.Rule == index).Select(f => (FiredRule?)f).FirstOrDefault(),
            Conditions = [.. _rules.RuleConditions[index].Select(c => _judge.CountOf(state, _conditions[c], state.LastSeen))],
            Excepted = client == _watched ? _excepted.GetValueOrDefault(index) : 0,
            Campaign = _campaigns.FirstOrDefault(c => c.Rule == index)?.Describe(client),
        });
        return new()
        {
            Client = client,
            FirstSeen = new(state.FirstSeen, TimeSpan.Zero),
            LastSeen = new(state.LastSeen, TimeSpan.Zero),
            Requests = state.Requests,
            Rules = [.. rules],
        };
    }

    /// <summary>Clients and campaigns changed since the last call, to be stored together with how far the log was read.</summary>
    public IReadOnlyList<ClientStateRow> TakeDirty()
    {
        var rows = new List<ClientStateRow>();
        foreach (var state in _clients.TakeDirty())
        {
            rows.Add(new(state.Address, StateCodec.Write(_rules, state.Write), state.LastSeen));
        }

        if (_campaigns.Any(c => c.Dirty))
        {
            rows.Add(new(ClientAddress.None, StateCodec.Write(_rules, WriteCampaigns), 0));
        }

        return rows;
    }

    /// <summary>Clients evicted since the last call whose stored state can be deleted.</summary>
    public IReadOnlyList<ClientAddress> TakeForgotten() => _clients.TakeForgotten();

    /// <summary>
    /// Takes up a stored state. False: it was written by other rules or another version, or is damaged; it is ignored
    /// and the client starts anew. Never throws.
    /// </summary>
    public bool TryRestore(in ClientStateRow row)
    {
        if (row.Client.IsNone)
        {
            return StateCodec.TryRead(_rules, row.State, from => { ReadCampaigns(from); return true; }, out _);
        }

        var client = row.Client;
        if (!StateCodec.TryRead(_rules, row.State, from => ClientState.Read(from, client, _rules), out var state))
        {
            return false;
        }

        state.Stored = true;
        _clients.Add(state);
        return true;
    }

    private void WriteCampaigns(BinaryWriter to)
    {
        foreach (var campaign in _campaigns)
        {
            campaign.Write(to);
        }
    }

    private void ReadCampaigns(BinaryReader from)
    {
        foreach (var campaign in _campaigns)
        {
            campaign.Read(from);
        }
    }

    private void Count(EventFacts facts, ClientState state, ReadOnlySpan<byte> line, EventReader read, ICollection<Finding> findings)
    {
        if (_relevance.Variants && facts.StemHash != 0 && (facts.Flags & FactFlags.Asset) == FactFlags.None && StatusSet.Refused.Contains(facts.Status) && state.IsVariant(facts))
        {
            facts.Flags |= FactFlags.Variant;
        }

        _touched.Clear();
        ulong evidence = 0;
        var grown = false;
        var matches = _memo.Of(facts, out var excepted);
        for (var i = Next(matches, 0); i < _conditions.Length; i = Next(matches, i + 1))
        {
            var condition = _conditions[i];
            if (Has(excepted, i) && IsExcepted(condition.Rule, facts))
            {
                continue;
            }

            if (state.Find(i) is not { } window)
            {
                window = state.FindOrAdd(i, _conditions.Length);
                grown = true;
            }

            if (condition.Kind == CountKind.Ratio)
            {
                window.AddWeight(facts.Time, condition.WithinTicks);
            }
            else
            {
                grown |= window.Add(condition.KeyOf(facts), facts.Time, condition);
                if (condition.Marks || condition.Capacity <= 2 || window.Count * 2 >= condition.Capacity)
                {
                    evidence |= 1UL << (_rules.RuleThreats[condition.Rule] & 63);
                }
            }

            if (_touched.Count == 0 || _touched[^1] != condition.Rule)
            {
                _touched.Add(condition.Rule);
            }
        }

        if (evidence != 0)
        {
            grown |= AddEvidence(facts, state, line, read, evidence);
        }
        else
        {
            state.CountView(facts);
        }

        foreach (var rule in _touched)
        {
            grown |= TryFire(rule, facts, state);
        }

        if (evidence != 0)
        {
            Emit(facts, state, evidence, findings);
        }

        for (var i = 0; i < _campaigns.Length; i++)
        {
            if (Has(matches, _conditions.Length + i) && !(Has(excepted, _conditions.Length + i) && IsExcepted(_campaigns[i].Rule, facts)))
            {
                _campaigns[i].Observe(facts, state, _clients, findings);
            }
        }

        if (grown)
        {
            _clients.Update(state, _judge.TierOf(state));
        }
    }

    private static bool Has(ReadOnlySpan<ulong> bits, int index) => (bits[index >> 6] >> (index & 63) & 1) != 0;

    /// <summary>The next set bit from an index on; int.MaxValue: none.</summary>
    private static int Next(ReadOnlySpan<ulong> bits, int index)
    {
        for (; index >> 6 < bits.Length; index = (index | 63) + 1)
        {
            var rest = bits[index >> 6] >> (index & 63);
            if (rest != 0)
            {
                return index + BitOperations.TrailingZeroCount(rest);
            }
        }

        return int.MaxValue;
    }

    private bool IsExcepted(int rule, in EventFacts facts)
    {
        foreach (var exception in _exceptions[rule])
        {
            if (exception.Matches(facts))
            {
                if (facts.Client == _watched)
                {
                    _excepted[rule] = _excepted.GetValueOrDefault(rule) + 1;
                }

                return true;
            }
        }

        return false;
    }

    private bool AddEvidence(in EventFacts facts, ClientState state, ReadOnlySpan<byte> line, EventReader read, ulong threats)
    {
        var grown = false;
        var evidence = new EvidenceLine(line, read, _texts);
        for (var threat = 0; threat < _rules.Threats.Length; threat++)
        {
            if ((threats >> (threat & 63) & 1) != 0)
            {
                var record = state.Record(threat);
                if (record is null)
                {
                    record = new(threat, facts.Time, state.Requests - 1);
                    (state.Records ??= []).Add(record);
                    record.AddToChart(facts);
                }

                grown |= record.Add(facts, ref evidence);
            }
        }

        return grown;
    }

    private bool TryFire(int rule, in EventFacts facts, ClientState state)
    {
        if (_campaignOf[rule] is not null || state.Record(_rules.RuleThreats[rule]) is not { } record || record.HasFired(rule))
        {
            return false;
        }

        if (_judge.Holds(rule, state, facts.Time))
        {
            record.Fire(new(rule, facts.Time, state.Requests));
            record.Changed = true;
            state.HasOwnBlock |= _rules.Rules[rule].Action == RuleAction.Block;
            return true;
        }

        return false;
    }

    private void Emit(in EventFacts facts, ClientState state, ulong threats, ICollection<Finding> findings)
    {
        foreach (var record in state.Records!)
        {
            if ((threats >> (record.Threat & 63) & 1) == 0 || record.Fired.Count == 0)
            {
                continue;
            }

            var due = record.Matched >= record.EmittedMatched * GrowthFactor || facts.Time - record.EmittedAt >= RenewTicks || record.Firmed;
            if (!due && !record.Changed)
            {
                continue;
            }

            record.Changed = false;
            record.Firmed = false;

            var best = -1;
            var rank = -1;
            foreach (var fired in record.Fired)
            {
                var candidate = FindingText.RankOf(_rules.Rules[fired.Rule]);
                if (candidate > rank && _judge.Holds(fired.Rule, state, facts.Time))
                {
                    best = fired.Rule;
                    rank = candidate;
                }
            }

            if (best < 0 || (rank <= record.EmittedRank && !due))
            {
                continue;
            }

            record.EmittedRank = Math.Max(rank, record.EmittedRank);
            record.EmittedMatched = record.Matched;
            record.EmittedAt = facts.Time;
            var rule = _rules.Rules[best];
            findings.Add(new()
            {
                RuleId = rule.Id,
                RuleVersion = rule.Version,
                Threat = rule.Threat,
                Severity = rule.Severity,
                Action = rule.Action,
                Mode = rule.Mode,
                Ttl = rule.Ttl,
                Subject = Subject.Of(state.Address),
                At = new(facts.Time, TimeSpan.Zero),
                Evidence = record.ToEvidence(state.Requests, _judge.RuleCounts(state, record, facts.Time)),
                Summary = FindingText.Summary(rule, record, state),
            });
        }
    }
}
