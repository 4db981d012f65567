using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards;

/// <summary>
/// How many: new blocks that nobody looked at per interval, and live blocks in all. A flood that makes mode auto block the
/// world ends here. The gateway judges one call of a tool at a time, so two can't both take the last place.
/// </summary>
/// <param name="recent">Blocks made since.</param>
/// <param name="live">Live blocks now.</param>
internal sealed class CapsGuard(Func<DateTimeOffset, int> recent, Func<int> live, BlockingConfig config) : IGuard
{
    public string Name => "caps";

    public bool Advisory => false;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => tool is Tool<BlockRequest>;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken)
    {
        var auto = ((BlockRequest)context.Request).Mode == Mode.Auto || context.Caller.Kind != CallerKind.Person;
        return new(Check(auto, context.Permitted, context.Now));
    }

    /// <param name="auto">No person looked at it.</param>
    /// <param name="permitted">Permitted by the same call and not stored yet.</param>
    public GuardDecision Check(bool auto, int permitted, DateTimeOffset now)
    {
        var made = auto ? recent(now - config.Interval) + permitted : 0;
        var standing = live() + permitted;
        GuardEvidence[] evidence = auto
            ? [new(Name, "blocks_in_interval", $"{made} of {config.MaxNewBlocks}"), new(Name, "live_blocks", $"{standing} of {config.MaxBlocks}")]
            : [new(Name, "live_blocks", $"{standing} of {config.MaxBlocks}")];
        if (made >= config.MaxNewBlocks)
        {
            return GuardDecision.Pending("interval_cap", $"{made} blocks in the last {SpanText.Of(config.Interval)}, the cap blocking.max_new_blocks is {config.MaxNewBlocks}: the rest waits for a person.") with { Evidence = evidence };
        }

        if (standing >= config.MaxBlocks)
        {
            var full = $"{standing} live blocks, the cap blocking.max_blocks is {config.MaxBlocks}: lift some or raise it.";
            return (auto ? GuardDecision.Pending("total_cap", full) : GuardDecision.Deny("total_cap", full)) with { Evidence = evidence };
        }

        return GuardDecision.Allow with { Evidence = evidence };
    }
}
