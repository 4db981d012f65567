using System.Collections.Frozen;
using System.Threading.Channels;
using DevOpsAgent.Ebpf.Tables;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf;

/// <summary>
/// The guard in the kernel: with hooks of the LSM that refuse, or with tracepoints that kill; network by hooks of the root cgroup
/// in both. Every decision is made in the kernel, by tables; what it reports comes out of a ring, and no decision waits for it.
/// </summary>
internal sealed class KernelBackend : IGuardBackend, INetworkIsolation
{
    private const string SysEnter = "on_sys_enter";
    private const string SysExit = "on_sys_exit";

    private readonly GuardObject _object;
    private readonly KernelTables _tables;
    private readonly KernelOwner _owner;
    private readonly PinFolder? _pins;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly bool _lsm;
    private readonly EventQueue _queue = new();
    private readonly RunningProcesses _running;
    private readonly ProcScan _limits;
    private readonly Lock _gate = new();
    private CompiledPolicy? _policy;
    private FrozenDictionary<uint, string> _names = FrozenDictionary<uint, string>.Empty;
    private bool _disposed;

    public KernelBackend(GuardObject loaded, KernelTables tables, KernelOwner owner, PinFolder? pins, bool lsm, TimeProvider time, TimeSpan interval, Func<int, long, bool> kill)
    {
        (_object, _tables, _owner, _pins, _lsm, _time, _interval) = (loaded, tables, owner, pins, lsm, time, interval);
        var tree = new ProcTree();
        _running = new(tree, tables);
        _limits = new(tree, time, kill, limitsOnly: true);
    }

    public string Name => _lsm ? "lsm" : "tracepoint";

    public BackendAbilities Abilities => _lsm ? KernelAbilities.Lsm : KernelAbilities.Tracepoint;

    public ChannelReader<GuardEvent> Events => _queue.Reader;

    public BackendLosses Losses => new(Count(Counter.Lost), _queue.Lost);

    public IReadOnlyDictionary<string, int> Guarded
    {
        get
        {
            lock (_gate)
            {
                return _disposed ? new Dictionary<string, int>(StringComparer.Ordinal) : _tables.Guarded();
            }
        }
    }

    /// <summary>Whether the rules of an agent before were found in force, and kept until this one's were.</summary>
    public bool Adopted => _object.Adopted;

    public KernelTables Tables => _tables;

    public IEnumerable<string> Attached => _object.Attached;

    /// <exception cref="KernelLimitException">The rules in force stay.</exception>
    public void Load(CompiledPolicy policy)
    {
        lock (_gate)
        {
            var needs = _tables.Publish(policy);
            Need(SysEnter, needs.Kills || !_lsm && (needs.Protects || needs.Files || needs.Network));
            Need(SysExit, !_lsm && needs.Files);
            Volatile.Write(ref _policy, policy);
            Volatile.Write(ref _names, _tables.Slots.ToFrozenDictionary(static s => (uint)s.Value, static s => s.Key));
            _running.Guard(policy);
            if (policy.Policy.OnAgentExit == AgentExit.Keep && _pins is not null)
            {
                _pins.Create();
                _object.PinMaps(_pins);
                _object.PinLinks(_pins);
                _pins.RemoveOthers();
            }
            else
            {
                _pins?.RemoveAll();
            }
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_interval, _time);
        using (new EventReader(_tables.Map("events"), Take))
        {
            try
            {
                do
                {
                    if (Volatile.Read(ref _policy) is { } policy && policy.Policy.Processes.Any(static p => p.MaxMemoryMb > 0 || p.MaxCpuPercent > 0))
                    {
                        _limits.Run(policy, _queue.Add);
                    }
                }
                while (await timer.WaitForNextTickAsync(cancellationToken));
            }
            catch (OperationCanceledException)
            {
                // The end that was asked for.
            }
        }

        _queue.Complete();
    }

    /// <summary>New connections and datagrams; what is connected stays so.</summary>
    public string? TryIsolate(string process, int pid)
    {
        lock (_gate)
        {
            return _disposed ? "the guard has ended" : _running.TryIsolate(pid);
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
            _queue.Complete();
            _object.Dispose();
            _owner.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    public long Count(Counter counter)
    {
        lock (_gate)
        {
            return _disposed ? 0 : _tables.Map("counters").Sum((uint)counter, _object.Processors);
        }
    }

    private void Need(string program, bool needed)
    {
        if (needed)
        {
            _object.Attach(program, -1);
        }
        else
        {
            _object.Detach(program);
            _pins?.Drop(program);
        }
    }

    /// <summary>The kernel's clock is the one that .NET's timestamps are read from; it goes on while no agent runs.</summary>
    private DateTimeOffset TimeOf(KernelEvent seen)
    {
        var age = _time.GetElapsedTime((long)(seen.AtNanoseconds / (1_000_000_000 / (ulong)_time.TimestampFrequency)), _time.GetTimestamp());
        return _time.GetUtcNow() - (age > TimeSpan.Zero ? age : TimeSpan.Zero);
    }

    private void Take(KernelEvent seen, ReadOnlySpan<byte> path)
    {
        if (Volatile.Read(ref _names).TryGetValue(seen.Slot, out var name))
        {
            _queue.Add(EventWords.Of(seen, path, name, Volatile.Read(ref _policy)?.ByName.GetValueOrDefault(name), TimeOf(seen)));
        }
    }
}
