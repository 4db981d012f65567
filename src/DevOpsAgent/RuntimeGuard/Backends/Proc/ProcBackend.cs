using System.Globalization;
using System.Threading.Channels;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>
/// Looks at /proc again and again. It sees what lasts until the next look, after the fact, and stops nothing but what exceeds
/// memory or CPU limits, which it kills in mode enforce. Needs no privileges for processes of its own user; those of others need root.
/// </summary>
/// <param name="kill">Kills the process that began at these ticks; false: it could not. Null: nothing is ever killed.</param>
internal sealed class ProcBackend(ProcTree tree, TimeProvider time, TimeSpan interval, Func<int, long, bool>? kill) : IGuardBackend
{
    private readonly EventQueue _queue = new();
    private readonly ProcScan _scan = new(tree, time, kill);
    private CompiledPolicy? _policy;
    private IReadOnlyDictionary<string, int> _guarded = new Dictionary<string, int>(StringComparer.Ordinal);

    public string Name => "proc";

    public BackendAbilities Abilities { get; } = ProcAbilities.Of(kill is not null);

    public ChannelReader<GuardEvent> Events => _queue.Reader;

    public BackendLosses Losses => new(0, _queue.Lost);

    public IReadOnlyDictionary<string, int> Guarded => Volatile.Read(ref _guarded);

    public void Load(CompiledPolicy policy) => Volatile.Write(ref _policy, policy);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
            {
                Look();
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The end that was asked for.
        }
        finally
        {
            _queue.Complete();
        }
    }

    /// <summary>One look at all processes.</summary>
    public void Look()
    {
        if (Volatile.Read(ref _policy) is { } policy)
        {
            Volatile.Write(ref _guarded, _scan.Run(policy, _queue.Add));
        }
    }

    public ValueTask DisposeAsync()
    {
        _queue.Complete();
        return ValueTask.CompletedTask;
    }
}
