using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Service.Elasticsearch;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>
/// The AgentService is the running agent: it follows the logs, stores what it finds, carries out what mode auto or a person
/// decides, and lets blocks end. Three loops: reading, responding (every 100 ms, or at once when woken), and the blocker's own.
/// Each carries on when another's part is down.
/// </summary>
internal sealed class AgentService : IAsyncDisposable
{
    private static readonly TimeSpan RespondEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HousekeepEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StaleAfter = TimeSpan.FromDays(7);

    private readonly AgentConfig _config;
    private readonly TimeProvider _time;
    private readonly Action<AgentEvent> _onEvent;
    private readonly AgentLock _lock;
    private readonly IStore _store;
    private readonly Detector _detector;
    private readonly IncidentBook _book;
    private readonly LogPipeline _pipeline;
    private readonly LogSources _sources;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly SemaphoreSlim _responding = new(1);
    private readonly AutoApprovals _approvals;
    private volatile bool _bookIsOld;

    /// <summary>Null: nothing was applied yet. What was approved before a crash is applied at the start, not at the next change.</summary>
    private long? _mark;
    private bool _responderFailed;

    private AgentService(AgentConfig config, string version, RuleSet rules, AgentLock held, SqliteStore store, KeyRing keys, Stream stdin, TimeProvider time, Action<AgentEvent> onEvent)
    {
        (_config, _time, _onEvent, _lock, _store) = (config, time, onEvent, held, store);
        Parts = new(config, store, store.Receipts, keys, time, OnBlock);
        _detector = new(rules, config.Detection);
        foreach (var row in store.GetClientStates())
        {
            _detector.TryRestore(row);
        }

        _book = new(time);
        _book.Load(store);
        _pipeline = new(_detector, _book, Parts.Allowlist, new Recommender(config.Blocking, Parts.Blocker.Plan, () => _pipeline!.PeerProblem ?? Parts.Target.ReviewReason, i => _pipeline!.NoForm(i)), store, time);
        var checkpoints = store.GetCheckpoints();
        _sources = new(config.Logs, checkpoints, stdin, time, config.WatchesElasticsearch() ? wake => Watch(config.Elasticsearch, rules, checkpoints, wake, time) : null);
        Health = new(config, version, Parts, _pipeline, _sources, _detector, time, Say, Wake);
        _approvals = new(store, Parts.Effects);
        if (Health.Mode == Mode.Auto)
        {
            _approvals.AddWhatACrashLeft();
        }
    }

    private static ElasticWatch Watch(ElasticsearchConfig config, RuleSet rules, IReadOnlyList<LogCheckpoint> checkpoints, Action wake, TimeProvider time)
    {
        try
        {
            return new(config, ElasticOptions.Of(config), rules, checkpoints, wake, time);
        }
        catch (ElasticException e)
        {
            throw new ConfigException([new("elasticsearch", 0, 0, e.Message)]);
        }
    }

    public AgentParts Parts { get; }

    /// <summary>How it is doing, and its mode.</summary>
    public AgentHealth Health { get; }

    /// <summary>
    /// Takes the database for this process, reads what is stored, and makes the target equal to it. Nothing is followed yet.
    /// </summary>
    /// <exception cref="ConfigException">Rules or target can't be used.</exception>
    /// <exception cref="KeyException">The keys that sign receipts can't be read or made.</exception>
    /// <exception cref="StoreException">The database is in use, newer, damaged, or can't be written.</exception>
    public static async Task<AgentService> StartAsync(AgentConfig config, string version, Stream stdin, TimeProvider time, Action<AgentEvent> onEvent)
    {
        var rules = RuleLibrary.Load(config.Detection);
        var held = AgentLock.Take(config.Database.Path);
        SqliteStore? store = null;
        KeyRing? keys = null;
        try
        {
            store = new SqliteStore(config.Database.Path);
            keys = KeyRing.Open(config.Guards.KeysDirectory(config.Database), time);
            var service = new AgentService(config, version, rules, held, store, keys, stdin, time, onEvent);
            await service.Parts.Blocker.ReconcileAsync();
            service.Parts.OpenIntents.CloseAll();
            await service.LookAtTargetAsync();
            return service;
        }
        catch
        {
            keys?.Dispose();
            store?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Runs until cancelled, or until every log ended (standard input was closed) and all that it found is stored.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var blocker = Parts.Blocker.RunAsync(stop.Token);
        var responder = RespondAsync(stop.Token);
        try
        {
            await Task.Run(() => ReadAsync(stop.Token), stop.Token);
            await RespondOnceAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop: what was read up to here is stored below.
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(blocker, responder);
            TryCommit(out _);
        }
    }

    /// <summary>Shown every block that was read, on the reading thread; its bytes live until it returns.</summary>
    public Action<LineBlock>? Lines { get; set; }

    /// <summary>Shown every incident that was stored, on the reading thread; must not wait.</summary>
    public Action<Incident>? Found { get; set; }

    /// <summary>Something was decided: act now instead of at the next tick.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            _wake.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _sources.Dispose();
        await Parts.DisposeAsync();
        _store.Dispose();
        _lock.Dispose();
        _wake.Dispose();
        _responding.Dispose();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var read = _sources.ReadAsync(cancellationToken).AsTask();
        while (true)
        {
            // A timer may fire a little early: then nothing is due yet, and the next line may be long in coming.
            while (!read.IsCompleted && _pipeline.IsDirty)
            {
                await Task.WhenAny(read, Task.Delay(Positive(_pipeline.UntilDue), _time, cancellationToken));
                if (!read.IsCompleted && _pipeline.IsDue)
                {
                    StoreAndAct();
                }
            }

            if (await read is not { } lines)
            {
                StoreAndAct();
                return;
            }

            _pipeline.Read(lines);
            Lines?.Invoke(lines);
            Health.Count();
            if (_pipeline.IsDue)
            {
                StoreAndAct();
            }

            read = _sources.ReadAsync(cancellationToken).AsTask();
        }
    }

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.FromMilliseconds(1);

    /// <summary>Stores what was read, tells of it, and lets mode auto approve. With the store down: nothing is lost, nothing is done.</summary>
    private void StoreAndAct()
    {
        if (_bookIsOld)
        {
            _bookIsOld = false;
            try
            {
                _book.Refresh(_store);
            }
            catch (StoreException)
            {
                _bookIsOld = true;
            }
        }

        if (!TryCommit(out var stored))
        {
            return;
        }

        var auto = stored.Count > 0 && Health.Mode == Mode.Auto;
        foreach (var incident in stored)
        {
            Found?.Invoke(incident);
            var isNew = incident.Version <= 1;
            Say(isNew ? AgentEventKind.IncidentOpened : AgentEventKind.IncidentChanged, incident.Summary, incident);
            if (auto && AutoApprovals.IsFor(incident))
            {
                _approvals.Add(incident);
                Wake();
            }
        }
    }

    private bool TryCommit(out IReadOnlyList<Incident> stored)
    {
        try
        {
            stored = _pipeline.IsDirty ? _pipeline.Commit() : [];
            Health.StoreWorks();
            return true;
        }
        catch (StoreException e)
        {
            stored = [];
            Health.StoreFailed(e);
            return false;
        }
    }

    private async Task RespondAsync(CancellationToken cancellationToken)
    {
        var housekept = _time.GetTimestamp();
        try
        {
            while (true)
            {
                await _wake.WaitAsync(RespondEvery, cancellationToken);
                try
                {
                    await RespondOnceAsync(cancellationToken);
                    if (_responderFailed && !_pipeline.IsDirty)
                    {
                        _responderFailed = false;
                        Health.StoreWorks();
                    }

                    if (_time.GetElapsedTime(housekept) >= HousekeepEvery)
                    {
                        housekept = _time.GetTimestamp();
                        await HousekeepAsync(cancellationToken);
                    }
                }
                catch (StoreException e)
                {
                    // Whatever was under way is looked at again.
                    _mark = null;
                    _responderFailed = true;
                    Health.StoreFailed(e);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task RespondOnceAsync(CancellationToken cancellationToken)
    {
        await _responding.WaitAsync(cancellationToken);
        try
        {
            await _approvals.RunAsync(cancellationToken);
            await ApplyChangesAsync(cancellationToken);
        }
        finally
        {
            _responding.Release();
        }
    }

    private async Task ApplyChangesAsync(CancellationToken cancellationToken)
    {
        var mark = _store.ChangeMark();
        if (mark == _mark)
        {
            return;
        }

        _mark = mark;
        _bookIsOld = true;
        Parts.Allowlist.Load(_store.GetAllowlist());
        foreach (var incident in await Parts.Responder.ApplyAsync(cancellationToken))
        {
            Say(AgentEventKind.IncidentChanged, incident.Summary, incident);
        }

        // Lifts and allowlist entries of another process act through the store.
        await Parts.Blocker.SyncAsync();
    }

    private async Task HousekeepAsync(CancellationToken cancellationToken)
    {
        await Parts.Allowlist.RefreshNamesAsync(_store, all: false, cancellationToken);

        // Time's work, as the configuration has it: no call of a tool.
        Parts.Incidents.ExpireStale(StaleAfter);
        _store.Prune(_time.GetUtcNow() - _config.Database.Retention);
        _store.Investigations.Prune(_time.GetUtcNow() - _config.Guardrails.Retention);
        Parts.OpenIntents.CloseOthers();
        await LookAtTargetAsync();
    }

    private async Task LookAtTargetAsync()
    {
        Health.Target(await Parts.Blocker.VerifyAsync());
    }

    private void OnBlock(BlockEvent e)
    {
        // The first events come while the service is still being put together.
        Health?.Take(e);
        if (e is { Kind: BlockEventKind.Expired or BlockEventKind.Lifted, Block: { } block })
        {
            TryEnd(block);
        }

        Say(e.Kind is BlockEventKind.Applied or BlockEventKind.Lifted or BlockEventKind.Expired ? AgentEventKind.Block : AgentEventKind.Warning, e.Text);
    }

    private void TryEnd(Block block)
    {
        try
        {
            Parts.Responder.Ended(block, Parts.Allowlist);
        }
        catch (StoreException e)
        {
            Health.StoreFailed(e);
        }
    }

    private void Say(AgentEventKind kind, string text, Incident? incident = null) => _onEvent(new(kind, _time.GetUtcNow(), text, incident));
}
