using System.Globalization;
using System.Runtime.InteropServices;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Detection;

/// <summary>
/// A campaign is one scan spread over many addresses, each too quiet for a rule of its own. Members are clients whose
/// requests are mostly probes and whose probes hardly overlap with the others': scanners that know nothing of each
/// other ask for the same popular paths, the parts of one scan don't.
/// </summary>
internal sealed class CampaignTracker(RuleSet rules, int rule)
{
    private const int MaxCandidates = 2000;
    private readonly Dictionary<ClientAddress, CampaignMember> _candidates = [];
    private readonly CampaignCondition _condition = rules.Rules[rule].Campaign!;
    private readonly long _within = rules.Rules[rule].Within.Ticks;
    private string? _key;
    private int _emittedMembers;
    private long _lastJoin;
    private long _expiredAt;
    private HashSet<ClientAddress> _members = [];
    private readonly List<(long First, int At, ClientAddress Client, CampaignMember Member)> _order = [];
    private readonly List<ClientAddress> _selected = [];
    private readonly HashSet<ulong> _claimed = [];

    public int Rule => rule;

    public RequestFilter Where => _condition.Where;

    public bool Dirty { get; private set; }

    public void Observe(in EventFacts facts, ClientState state, ClientTable clients, ICollection<Finding> findings)
    {
        if (facts.Time - _expiredAt > TimeSpan.TicksPerMinute || facts.Time < _expiredAt - _within)
        {
            // a forged CLF line may bear any time: it must not end a campaign
            if ((facts.Flags & FactFlags.Forgeable) != FactFlags.None && facts.Time - _expiredAt > _within && _expiredAt != 0)
            {
                return;
            }

            Expire(facts.Time);
            _expiredAt = facts.Time;
        }

        if (!_candidates.TryGetValue(facts.Client, out var member))
        {
            if (_candidates.Count >= MaxCandidates)
            {
                _candidates.Remove(_candidates.MinBy(c => c.Value.Last).Key);
            }

            _candidates[facts.Client] = member = new() { First = facts.Time };
        }

        Dirty = true;
        member.Probes++;
        member.Last = Math.Max(member.Last, facts.Time);
        if (!member.AddPath(facts.PathHash) || member.PathCount < _condition.PathsPerClient || !IsMostlyProbes(member, state) || state.HasOwnBlock)
        {
            return;
        }

        // with many candidates, not each of their probes is worth a pass over all
        if (_candidates.Count > 200 && member.PathCount != _condition.PathsPerClient)
        {
            return;
        }

        Select(clients);
        if (_selected.Count < _condition.Clients || _claimed.Count < _condition.DistinctPaths
            || (_key is not null && (_selected.Count == _emittedMembers || !_selected.Contains(facts.Client))))
        {
            return;
        }

        var members = _selected.ToHashSet();
        _key ??= "campaign-" + (Hash64.Chain(Hash64.Chain((ulong)facts.Time, facts.Client.High), facts.Client.Low) >> 16).ToString("x12", CultureInfo.InvariantCulture);
        _emittedMembers = members.Count;
        _lastJoin = facts.Time;
        _members = members;
        findings.Add(ToFinding(facts.Time, members, _claimed.Count, clients));
    }

    /// <summary>This client's part, in words; null: none.</summary>
    public string? Describe(ClientAddress client) => !_candidates.TryGetValue(client, out var member) ? null
        : $"{(_members.Contains(client) ? "member of " + _key : "candidate")}: {FindingText.Number(member.PathCount, "probed path")}, {FindingText.Number(_candidates.Count, "candidate")} known, {_emittedMembers} members";

    public void Write(BinaryWriter to)
    {
        Dirty = false;
        to.Write(_key ?? "");
        to.Write(_emittedMembers);
        to.Write(_lastJoin);
        to.Write(_expiredAt);
        to.Write(_candidates.Count);
        foreach (var (client, member) in _candidates)
        {
            to.Write(client.High);
            to.Write(client.Low);
            to.Write(_members.Contains(client));
            member.Write(to);
        }
    }

    public void Read(BinaryReader from)
    {
        var key = from.ReadString();
        _key = key.Length == 0 ? null : key;
        _emittedMembers = from.ReadInt32();
        _lastJoin = from.ReadInt64();
        _expiredAt = from.ReadInt64();
        for (int i = 0, n = Math.Min(MaxCandidates, from.ReadInt32()); i < n; i++)
        {
            var client = new ClientAddress(from.ReadUInt64(), from.ReadUInt64());
            if (from.ReadBoolean())
            {
                _members.Add(client);
            }

            _candidates[client] = CampaignMember.Read(from);
        }
    }

    private void Expire(long time)
    {
        if (_key is not null && time - _lastJoin > _within)
        {
            _key = null;
            _emittedMembers = 0;
            _members = [];
        }

        foreach (var (client, member) in _candidates)
        {
            if (member.Last < time - _within || member.Last > time + _within)
            {
                _candidates.Remove(client);
            }
        }
    }

    private bool IsMostlyProbes(CampaignMember member, ClientState state) => member.Probes >= _condition.Share * state.Requests;

    /// <summary>In the order of their first probe, each candidate whose paths are mostly new. Leaves them in _selected and their paths in _claimed.</summary>
    private void Select(ClientTable clients)
    {
        _order.Clear();
        foreach (var (client, member) in _candidates)
        {
            if (member.PathCount >= _condition.PathsPerClient && clients.Find(client) is { } state && IsMostlyProbes(member, state) && !state.HasOwnBlock)
            {
                _order.Add((member.First, _order.Count, client, member));
            }
        }

        // Of two that began at the same time, the one that stands first.
        _order.Sort(static (x, y) => x.First != y.First ? x.First.CompareTo(y.First) : x.At.CompareTo(y.At));
        _selected.Clear();
        _claimed.Clear();
        foreach (var (_, _, client, member) in _order)
        {
            var fresh = 0;
            foreach (var path in member.Paths)
            {
                fresh += _claimed.Contains(path) ? 0 : 1;
            }

            if (fresh >= _condition.NewShare * member.PathCount)
            {
                _selected.Add(client);
                foreach (var path in member.Paths)
                {
                    _claimed.Add(path);
                }
            }
        }
    }

    private Finding ToFinding(long time, HashSet<ClientAddress> members, int paths, ClientTable clients)
    {
        var definition = rules.Rules[rule];
        var states = members.Select(m => clients.Find(m)!).ToArray();
        var own = states.Select(s => (State: s, Record: s.Record(rules.RuleThreats[rule]))).Where(x => x.Record is not null)
            .Select(x => x.Record!.ToEvidence(x.State.Requests, [])).ToArray();
        var start = members.Min(m => _candidates[m].First);
        var evidence = EvidenceMerge.Of(own) with
        {
            DistinctPaths = paths,
            Rules =
            [
                new()
                {
                    RuleId = definition.Id,
                    Title = definition.Title,
                    Fired = true,
                    FiredAt = new(time, TimeSpan.Zero),
                    FiredAtRequest = states.Sum(s => s.Requests),
                    Conditions =
                    [
                        new("clients", members.Count, _condition.Clients, definition.Within),
                        new("distinct_paths", paths, _condition.DistinctPaths, definition.Within),
                    ],
                },
            ],
        };
        return new()
        {
            RuleId = definition.Id,
            RuleVersion = definition.Version,
            Threat = definition.Threat,
            Severity = members.Count >= 2 * _condition.Clients && definition.Severity < Severity.High ? Severity.High : definition.Severity,
            Action = definition.Action,
            Mode = definition.Mode,
            Ttl = definition.Ttl,
            Subject = new() { Key = _key!, Clients = [.. members.Order()], IsCampaign = true },
            At = new(time, TimeSpan.Zero),
            Evidence = evidence,
            Summary = FindingText.CampaignSummary(members.Count, paths, states.Sum(s => s.Requests), start, time),
        };
    }
}

/// <summary>A client that may belong to a campaign.</summary>
internal sealed class CampaignMember
{
    /// <summary>Paths remembered per client.</summary>
    public const int MaxPaths = 32;

    private readonly List<ulong> _paths = new(3);

    public long First { get; init; }
    public long Last { get; set; }
    public long Probes { get; set; }
    public int PathCount => _paths.Count;
    public ReadOnlySpan<ulong> Paths => CollectionsMarshal.AsSpan(_paths);

    /// <summary>False: known, or enough are known.</summary>
    public bool AddPath(ulong path)
    {
        if (_paths.Count >= MaxPaths || _paths.Contains(path))
        {
            return false;
        }

        _paths.Add(path);
        return true;
    }

    public void Write(BinaryWriter to)
    {
        to.Write(First);
        to.Write(Last);
        to.Write(Probes);
        to.Write((byte)_paths.Count);
        _paths.ForEach(to.Write);
    }

    public static CampaignMember Read(BinaryReader from)
    {
        var member = new CampaignMember { First = from.ReadInt64(), Last = from.ReadInt64(), Probes = from.ReadInt64() };
        for (int i = 0, n = from.ReadByte(); i < n; i++)
        {
            member.AddPath(from.ReadUInt64());
        }

        return member;
    }
}
