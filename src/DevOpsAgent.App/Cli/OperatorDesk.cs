using System.Net;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.App.Cli;

/// <summary>
/// What a command needs to decide something. A running agent applies what stands in the store; where none runs, the
/// command is the agent for its own duration (it holds the lock) and applies it itself.
/// </summary>
internal sealed class OperatorDesk : IAsyncDisposable
{
    private readonly AgentConfig _config;
    private readonly Terminal _terminal;
    private readonly AgentLock? _lock;
    private TraefikApi? _api;
    private Blocker? _blocker;

    private OperatorDesk(AgentConfig config, Terminal terminal, AgentLock? agentLock, IStore store)
    {
        (_config, _terminal, _lock, Store) = (config, terminal, agentLock, store);
        Incidents = new(store, terminal.Time, config.Blocking.MaxTtl);
        Entries = new(store, terminal.Time);
        Allowlist = new(terminal.Time, ResolveAsync);
        Allowlist.Load(store.GetAllowlist());
        Never = new(
            () => [.. NeverBlocked.OfThisMachine(), .. config.Blocking.Own],
            () => [.. config.Logs.SelectMany(static l => l.TrustedProxies)],
            AllowedNow);
    }

    public IStore Store { get; }

    public IncidentDesk Incidents { get; }

    public AllowlistDesk Entries { get; }

    public Allowlist Allowlist { get; }

    public NeverBlocked Never { get; }

    public BlockingConfig Blocking => _config.Blocking;

    /// <summary>True: an agent runs on this database and applies what is stored.</summary>
    public bool AgentRuns => _lock is null;

    /// <summary>Opens the store to look at it. A database that isn't there is not made.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static IStore Look(LoadedConfig loaded)
    {
        var path = loaded.Config.Database.Path;
        return File.Exists(path)
            ? new SqliteStore(path)
            : throw CommandException.Dependency($"There is no database {path}: no agent has run with this configuration here.", "Name the agent's configuration with --config, or its database with DEVOPS_AGENT_DATABASE_PATH.");
    }

    /// <summary>Opens the store to change it, and takes the agent's place where no agent runs.</summary>
    public static OperatorDesk Open(LoadedConfig loaded, Terminal terminal)
    {
        var path = loaded.Config.Database.Path;
        AgentLock? agentLock = null;
        try
        {
            agentLock = AgentLock.Take(path);
        }
        catch (StoreException e) when (e.Fault == StoreFault.InUse)
        {
            // An agent runs: it does the rest.
        }

        try
        {
            return new(loaded.Config, terminal, agentLock, new SqliteStore(path));
        }
        catch
        {
            agentLock?.Dispose();
            throw;
        }
    }

    /// <summary>Writes the target. Only where no agent runs: two writers would undo each other's work.</summary>
    public Blocker Blocker => _blocker ??= AgentRuns
        ? throw new InvalidOperationException("An agent runs; it alone writes the target.")
        : new(Store, Gate, Never, Target, _config.Blocking, _terminal.Time, static _ => { });

    public BlockGate Gate => field ??= new(Store, Never, _config.Blocking, Target, _terminal.Time);

    public IBlockTarget Target => field ??= _config.Blocking.Directory is null
        ? new NoTarget(_config.Blocking.EntryPoints)
        : new FileTarget(_config.Blocking, _config.Blocking.TraefikApi is { } root ? _api = new(root, _terminal.Time) : null);

    /// <summary>Waits until the running agent has done something, at most ten seconds. False: it has not.</summary>
    public async Task<bool> WaitForAgentAsync(Func<bool> done, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), _terminal.Time);
        var started = _terminal.Time.GetTimestamp();
        while (!done())
        {
            if (_terminal.Time.GetElapsedTime(started) > TimeSpan.FromSeconds(10))
            {
                return false;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_blocker is not null)
        {
            await _blocker.DisposeAsync();
        }

        _api?.Dispose();
        Store.Dispose();
        _lock?.Dispose();
    }

    private IReadOnlyList<AddressRange> AllowedNow()
    {
        var now = _terminal.Time.GetUtcNow();
        return [.. Store.GetAllowlist().Where(e => e.ExpiresAt is not { } end || end > now).SelectMany(DevOpsAgent.Incidents.Allowlist.RangesOf)];
    }

    private static async Task<IReadOnlyList<ClientAddress>> ResolveAsync(string name, CancellationToken cancellationToken) =>
        [.. (await Dns.GetHostAddressesAsync(name, cancellationToken)).Select(ClientAddress.From)];
}
