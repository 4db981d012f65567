using System.Threading.Channels;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Tests.RuntimeGuard;

/// <summary>A backend that tells what a test gives it.</summary>
internal sealed class FakeBackend(Enforcement all) : IGuardBackend
{
    private readonly EventQueue _queue = new();

    public string Name => "fake";

    public BackendAbilities Abilities { get; } = new()
    {
        Files = all, Exec = all, Connect = all, Listen = all, Memory = all, Cpu = all, OtherSyscalls = all,
        Syscalls = new Dictionary<string, Enforcement>(StringComparer.Ordinal), Protections = new Dictionary<string, Enforcement>(StringComparer.Ordinal),
    };

    public ChannelReader<GuardEvent> Events => _queue.Reader;

    public BackendLosses Losses => new(0, _queue.Lost);

    public IReadOnlyDictionary<string, int> Guarded { get; } = new Dictionary<string, int>(StringComparer.Ordinal);

    public List<CompiledPolicy> Loaded { get; } = [];

    public void Load(CompiledPolicy policy) => Loaded.Add(policy);

    public void Tell(GuardEvent seen) => _queue.Add(seen);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _queue.Complete();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
