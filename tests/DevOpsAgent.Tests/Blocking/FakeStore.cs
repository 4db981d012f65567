using DevOpsAgent.Addresses;
using DevOpsAgent.Agent;
using DevOpsAgent.Blocking;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Agent;
using DevOpsAgent.Tests.Guards.Behaviour;

namespace DevOpsAgent.Tests.Blocking;

/// <summary>Incidents, blocks and actions in memory. <see cref="Fault"/> is called before each write and may throw, as a database does.</summary>
internal sealed class FakeStore : IStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Incident> _incidents = [];
    private readonly SortedDictionary<long, Block> _blocks = [];
    private readonly SortedDictionary<long, ActionRecord> _actions = [];
    private long _mark;

    public Action<string>? Fault { get; set; }

    public IBehaviourStore Behaviour { get; } = new MemoryBehaviourStore();

    public IInvestigationStore Investigations { get; } = new MemoryInvestigations();

    public void Put(Incident incident)
    {
        lock (_lock)
        {
            _incidents[incident.Id] = incident;
        }
    }

    public Incident? GetIncident(long id)
    {
        lock (_lock)
        {
            Fault?.Invoke("GetIncident");
            return _incidents.GetValueOrDefault(id);
        }
    }

    public long AddBlock(Block block) => Write("AddBlock", () =>
    {
        var id = _blocks.Count + 1L;
        _blocks[id] = block with { Id = id };
        return id;
    });

    public void UpdateBlock(long id, BlockStatus status, string? result, DateTimeOffset at, DateTimeOffset? expiresAt = null) => Write("UpdateBlock", () =>
    {
        _blocks[id] = _blocks[id] with { Status = status, Result = result, UpdatedAt = at, ExpiresAt = expiresAt ?? _blocks[id].ExpiresAt };
        return 0;
    });

    public Block? GetBlock(long id)
    {
        lock (_lock)
        {
            return _blocks.GetValueOrDefault(id);
        }
    }

    public IReadOnlyList<Block> GetLiveBlocks()
    {
        lock (_lock)
        {
            Fault?.Invoke("GetLiveBlocks");
            return [.. _blocks.Values.Where(static b => BlockLedger.IsLive(b.Status))];
        }
    }

    public IReadOnlyList<Block> ListBlocks(bool liveOnly, int limit, int offset, out int total)
    {
        lock (_lock)
        {
            var all = _blocks.Values.Reverse().Where(b => !liveOnly || BlockLedger.IsLive(b.Status)).ToArray();
            total = all.Length;
            return [.. all.Skip(offset).Take(limit)];
        }
    }

    public int CountOffences(AddressRange range, DateTimeOffset since)
    {
        lock (_lock)
        {
            return _blocks.Values.Count(b => b.Range == range && b.CreatedAt >= since);
        }
    }

    public int CountBlocksSince(DateTimeOffset since)
    {
        lock (_lock)
        {
            return _blocks.Values.Count(b => b.CreatedAt >= since);
        }
    }

    public long AddAction(ActionRecord action) => Write("AddAction", () =>
    {
        var id = _actions.Count + 1L;
        _actions[id] = action with { Id = id };
        return id;
    });

    public void CompleteAction(long id, DateTimeOffset appliedAt, string result, string? undo) => Write("CompleteAction", () =>
    {
        _actions[id] = _actions[id] with { AppliedAt = appliedAt, Result = result, Undo = undo };
        return 0;
    });

    public IReadOnlyList<ActionRecord> GetActions(long? incidentId, bool openOnly, int limit)
    {
        lock (_lock)
        {
            return [.. _actions.Values.Where(a => (incidentId is null || a.IncidentId == incidentId) && (!openOnly || a.Result is null)).Take(limit)];
        }
    }

    public long ChangeMark() => Interlocked.Read(ref _mark);

    public void Dispose()
    {
    }

    public Incident? FindOpenIncident(string subject, string threat) => throw new NotSupportedException();
    public IncidentPage ListIncidents(IncidentQuery query) => throw new NotSupportedException();
    public IReadOnlyList<StatusChange> GetHistory(long incidentId) => throw new NotSupportedException();
    public bool TryTransition(long id, IReadOnlyCollection<IncidentStatus> from, StatusChange change, Func<Incident, Incident?>? update, out Incident? current) => throw new NotSupportedException();
    public IReadOnlyList<Incident> Commit(PipelineCommit commit) => throw new NotSupportedException();
    public IReadOnlyList<LogCheckpoint> GetCheckpoints() => throw new NotSupportedException();
    public IEnumerable<ClientStateRow> GetClientStates() => throw new NotSupportedException();
    public long AddAllowlistEntry(AllowlistEntry entry) => throw new NotSupportedException();
    public bool RemoveAllowlistEntry(long id) => throw new NotSupportedException();
    public void UpdateAllowlistEntry(AllowlistEntry entry) => throw new NotSupportedException();
    public IReadOnlyList<AllowlistEntry> GetAllowlist() => throw new NotSupportedException();
    public string? GetSetting(string name) => throw new NotSupportedException();
    public void SetSetting(string name, string? value) => throw new NotSupportedException();
    public int Prune(DateTimeOffset olderThan) => throw new NotSupportedException();

    private long Write(string method, Func<long> write)
    {
        lock (_lock)
        {
            Fault?.Invoke(method);
            _mark++;
            return write();
        }
    }
}
