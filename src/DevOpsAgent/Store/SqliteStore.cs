using DevOpsAgent.Addresses;
using DevOpsAgent.Agent;
using DevOpsAgent.Blocking;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Store.Sqlite;

namespace DevOpsAgent.Store;

/// <summary>The Store in one SQLite file beside the agent. Readers never wait for the writer; an acknowledged write survives a power cut.</summary>
internal sealed class SqliteStore : IStore
{
    private readonly SqliteDatabase _database;
    private readonly SqliteIncidents _incidents;
    private readonly SqliteProgress _progress;
    private readonly SqliteBlocks _blocks;
    private readonly SqliteActions _actions;
    private readonly SqliteAllowlist _allowlist;

    /// <summary>Opens or creates the database. Throws <see cref="StoreException"/>: corrupt, newer, read-only, full, or not to be opened.</summary>
    public SqliteStore(string path) : this(path, new(), SqliteSchema.Migrations)
    {
    }

    internal SqliteStore(string path, SqliteOptions options, IReadOnlyList<string> migrations)
    {
        _database = SqliteDatabase.Open(path, options, migrations);
        _incidents = new(_database);
        _progress = new(_database);
        _blocks = new(_database);
        _actions = new(_database);
        _allowlist = new(_database);
        Receipts = new SqliteReceiptStore(_database);
        Behaviour = new SqliteBehaviour(_database);
        Investigations = new SqliteInvestigations(_database);
    }

    /// <summary>The receipt chain in the same database; closed with this store.</summary>
    public IReceiptStore Receipts { get; }

    public IBehaviourStore Behaviour { get; }

    public IInvestigationStore Investigations { get; }

    public Incident? GetIncident(long id) => _incidents.Get(id);

    public Incident? FindOpenIncident(string subject, string threat) => _incidents.FindOpen(subject, threat);

    public IncidentPage ListIncidents(IncidentQuery query) => _database.Read(session => IncidentListing.Read(session, query));

    public IReadOnlyList<StatusChange> GetHistory(long incidentId) => _incidents.History(incidentId);

    public bool TryTransition(long id, IReadOnlyCollection<IncidentStatus> from, StatusChange change, Func<Incident, Incident?>? update, out Incident? current) =>
        _incidents.TryTransition(id, from, change, update, lift: false, out current);

    public bool TryTransitionAndLift(long id, IReadOnlyCollection<IncidentStatus> from, StatusChange change, Func<Incident, Incident?>? update, out Incident? current) =>
        _incidents.TryTransition(id, from, change, update, lift: true, out current);

    public IReadOnlyList<Incident> Commit(PipelineCommit commit) => _database.Write<IReadOnlyList<Incident>>(session =>
    {
        var stored = new Incident[commit.Incidents.Count];
        for (var i = 0; i < stored.Length; i++)
        {
            stored[i] = SqliteIncidents.Save(session, commit.Incidents[i], commit.Merge);
        }

        foreach (var checkpoint in commit.Checkpoints)
        {
            SqliteProgress.Save(session, checkpoint);
        }

        foreach (var client in commit.ForgottenClients)
        {
            SqliteProgress.Forget(session, client);
        }

        foreach (var state in commit.ClientStates)
        {
            SqliteProgress.Save(session, state);
        }

        return stored;
    });

    public IReadOnlyList<LogCheckpoint> GetCheckpoints() => _progress.Checkpoints();

    public IEnumerable<ClientStateRow> GetClientStates() => _progress.States();

    public long AddBlock(Block block) => _blocks.Add(block);

    public IReadOnlyList<long> AddBlocks(IReadOnlyList<(ActionRecord Intent, Block Block)> blocks) => _database.Write<IReadOnlyList<long>>(session =>
    {
        var ids = new long[blocks.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            SqliteActions.Add(session, blocks[i].Intent);
            ids[i] = SqliteBlocks.Add(session, blocks[i].Block);
        }

        return ids;
    });

    public void UpdateBlock(long id, BlockStatus status, string? result, DateTimeOffset at, DateTimeOffset? expiresAt = null) =>
        _blocks.Update(id, status, result, at, expiresAt);

    public Block? GetBlock(long id) => _blocks.Get(id);

    public IReadOnlyList<Block> GetLiveBlocks() => _blocks.Live();

    public IReadOnlyList<Block> ListBlocks(bool liveOnly, int limit, int offset, out int total) => _blocks.List(liveOnly, limit, offset, out total);

    public int CountOffences(AddressRange range, DateTimeOffset since) => _blocks.CountOf(range, since);

    public int CountBlocksSince(DateTimeOffset since) => _blocks.CountSince(since);

    public long AddAction(ActionRecord action) => _actions.Add(action);

    public void CompleteAction(long id, DateTimeOffset appliedAt, string result, string? undo) => _actions.Complete(id, appliedAt, result, undo);

    public IReadOnlyList<ActionRecord> GetActions(long? incidentId, bool openOnly, int limit) => _actions.List(incidentId, openOnly, limit);

    public long AddAllowlistEntry(AllowlistEntry entry) => _allowlist.Add(entry);

    public bool RemoveAllowlistEntry(long id) => _allowlist.Remove(id);

    public void UpdateAllowlistEntry(AllowlistEntry entry) => _allowlist.Update(entry);

    public IReadOnlyList<AllowlistEntry> GetAllowlist() => _allowlist.All();

    public void SaveAllowlist(IReadOnlyList<AllowlistEntry> entries) => _allowlist.Save(entries);

    public string? GetSetting(string name) => _database.Read(session => session.Scalar<string>("SELECT value FROM settings WHERE name = $1", name));

    public void SetSetting(string name, string? value) => _database.Write(session => value is null
        ? session.Execute("DELETE FROM settings WHERE name = $1", name)
        : session.Execute("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value));

    public long ChangeMark() => _database.DataVersion();

    public int Prune(DateTimeOffset olderThan) => new SqlitePruning(_database).Run(olderThan);

    public void Dispose() => _database.Dispose();
}
