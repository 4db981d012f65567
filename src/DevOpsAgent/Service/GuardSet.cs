using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>The guards in the order in which they judge: the cheap and certain first, the caps last, so that nothing is counted that is denied anyway.</summary>
internal sealed class GuardSet
{
    /// <param name="mode">The mode in force now.</param>
    /// <param name="more">Guards of other parts: behaviour, exec.</param>
    public GuardSet(AgentConfig config, IStore store, NeverBlocked never, Func<Mode> mode, TimeProvider time, params IReadOnlyList<IGuard> more)
    {
        var safety = new TargetSafetyGuard(never, config.Blocking);
        var evidence = new EvidenceGuard(store.GetIncident, config.Blocking);
        var caps = new CapsGuard(store.CountBlocksSince, () => Live(store), config.Blocking);
        Preview = new(safety, evidence, caps, time);
        All = [new SchemaGuard(), new ModeGuard(mode), new RateGuard(config.Guards.Rate, time), safety, evidence, .. more, caps];
    }

    public IReadOnlyList<IGuard> All { get; }

    public BlockPreview Preview { get; }

    public GuardPipeline Pipeline(GuardsConfig config, TimeProvider time) => new(All, new PromotionRules(config.Promote), config.TimeLimit, time);

    private static int Live(IStore store)
    {
        store.ListBlocks(liveOnly: true, 1, 0, out var live);
        return live;
    }
}
