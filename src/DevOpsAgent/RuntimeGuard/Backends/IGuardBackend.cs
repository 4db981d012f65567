using System.Threading.Channels;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Backends;

/// <summary>
/// What watches processes and, where it can, stops them. A backend decides by the compiled policy that it was given last; what
/// it saw or did comes out of <see cref="Events"/>, and no decision ever waits for whoever reads them.
/// </summary>
internal interface IGuardBackend : IAsyncDisposable
{
    /// <summary>"lsm", "tracepoint", "proc" or "process": the <c>backend</c> of violations.</summary>
    string Name { get; }

    BackendAbilities Abilities { get; }

    /// <summary>Takes over rules and modes, the first time and at each reload, without a moment in which neither the old nor the new hold.</summary>
    void Load(CompiledPolicy policy);

    /// <summary>Watches until cancelled. Called once, after the first <see cref="Load"/>.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Bounded; what doesn't fit is counted in <see cref="Losses"/>.</summary>
    ChannelReader<GuardEvent> Events { get; }

    BackendLosses Losses { get; }

    /// <summary>Guarded processes that run now, by policy.</summary>
    IReadOnlyDictionary<string, int> Guarded { get; }
}

/// <summary>Events that were not delivered. Numbers since the start.</summary>
/// <param name="Kernel">The kernel's ring was full.</param>
/// <param name="Queue">The queue in this process was full.</param>
internal readonly record struct BackendLosses(long Kernel, long Queue);
