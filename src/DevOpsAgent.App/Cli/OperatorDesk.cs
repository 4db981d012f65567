using DevOpsAgent.Agent;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.App.Cli;

/// <summary>
/// What a command needs to decide something. A running agent applies what stands in the store; where none runs, the
/// command is the agent for its own duration (it holds the lock) and applies it itself.
/// </summary>
internal sealed class OperatorDesk : IAsyncDisposable
{
    private readonly Terminal _terminal;
    private readonly AgentLock? _lock;
    private readonly AgentParts _parts;

    private OperatorDesk(AgentConfig config, Terminal terminal, AgentLock? agentLock, SqliteStore store, KeyRing keys)
    {
        (_terminal, _lock, Store) = (terminal, agentLock, store);
        _parts = new(config, store, store.Receipts, keys, terminal.Time, static _ => { }, agentLock is null ? WaitForAgentAsync : null);
    }

    public IStore Store { get; }

    public IncidentDesk Incidents => _parts.Incidents;

    /// <summary>The way to change anything, whether an agent runs or not.</summary>
    public Effects Effects => _parts.Effects;

    /// <summary>The tools with their guards and what each did lately, whichever process it was.</summary>
    public IReadOnlyList<ToolReport> Tools() => ToolReport.Of(_parts.Gateway, _parts.Receipts);

    public Allowlist Allowlist => _parts.Allowlist;

    /// <summary>What a model's queries search.</summary>
    public LogSearchSlot Logs => _parts.Logs;

    /// <summary>The language model at work for a person.</summary>
    public ModelAgent AgentOf(IChatClient client, string name, AgentConfig config, Caller asker) => _parts.AgentOf(client, name, config, asker, _terminal.Time);

    /// <summary>The one way to a tool by its name.</summary>
    public Gateway Gateway => _parts.Gateway;

    public ModeSwitch Mode => _parts.Mode;

    /// <summary>What the target would hold for the live blocks.</summary>
    public string Export() => _parts.Blocker.Export();

    /// <summary>Carries decisions out and writes the target. Only where no agent runs: two writers would undo each other's work.</summary>
    public AgentParts Agent => AgentRuns ? throw new InvalidOperationException("An agent runs; it alone writes the target.") : _parts;

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
    public static OperatorDesk Open(LoadedConfig loaded, Terminal terminal) => Open(loaded, terminal, takesPlace: true);

    /// <summary>Opens the store beside the agent for long: its place stays free, so it may start and stop meanwhile.</summary>
    public static OperatorDesk OpenBeside(LoadedConfig loaded, Terminal terminal) => Open(loaded, terminal, takesPlace: false);

    private static OperatorDesk Open(LoadedConfig loaded, Terminal terminal, bool takesPlace)
    {
        var path = loaded.Config.Database.Path;
        AgentLock? agentLock = null;
        try
        {
            agentLock = takesPlace ? AgentLock.Take(path) : null;
        }
        catch (StoreException e) when (e.Fault == StoreFault.InUse)
        {
            // An agent runs: it does the rest.
        }

        SqliteStore? store = null;
        KeyRing? keys = null;
        try
        {
            store = new SqliteStore(path);
            keys = KeyRing.Open(loaded.Config.Guards.KeysDirectory(loaded.Config.Database), terminal.Time);
            return new(loaded.Config, terminal, agentLock, store, keys);
        }
        catch
        {
            keys?.Dispose();
            store?.Dispose();
            agentLock?.Dispose();
            throw;
        }
    }

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

    /// <summary>The running agent finds the pending blocks, or those to be lifted, and writes its target.</summary>
    private Task WaitForAgentAsync(IReadOnlyList<long> blocks, CancellationToken cancellationToken)
    {
        var lifting = blocks.Where(id => Store.GetBlock(id)?.Status != BlockStatus.Pending).ToHashSet();
        return WaitForAgentAsync(() => blocks.All(id => Store.GetBlock(id)?.Status is { } now && (lifting.Contains(id) ? !BlockLedger.IsLive(now) : now != BlockStatus.Pending)), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _parts.DisposeAsync();
        Store.Dispose();
        _lock?.Dispose();
    }
}
