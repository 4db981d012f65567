using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards;

/// <summary>
/// What must never be denied, and how a block must look: canonical, public, not too large, not ours, no trusted proxy, not on
/// the allowlist, with a reason and a time after which it ends.
/// </summary>
internal sealed class TargetSafetyGuard(NeverBlocked never, BlockingConfig config) : IGuard
{
    public string Name => "target_safety";

    public bool Advisory => false;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => tool is Tool<BlockRequest>;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken) => new(Check((BlockRequest)context.Request));

    public GuardDecision Check(BlockRequest request)
    {
        if (request.Ttl <= TimeSpan.Zero)
        {
            return GuardDecision.Deny("ttl_missing", "A block needs a time after which it ends by itself: a block without one outlives its reason.");
        }

        if (request.Ttl > config.MaxTtl)
        {
            return GuardDecision.Deny("ttl_too_long", $"{SpanText.Of(request.Ttl)} is longer than blocking.max_ttl ({SpanText.Of(config.MaxTtl)}).");
        }

        return string.IsNullOrWhiteSpace(request.Reason) || string.IsNullOrWhiteSpace(request.By) || string.IsNullOrWhiteSpace(request.Origin)
            ? GuardDecision.Deny("no_reason", "A block needs a reason, and who asks for it from where.")
            : CheckRange(request.Range);
    }

    private GuardDecision CheckRange(AddressRange range)
    {
        // A value that skipped the parser could hold host bits or the all-zero default, which Traefik would read as everybody.
        if (!AddressRange.TryParse(range.ToString(), out var canonical) || canonical != range)
        {
            return GuardDecision.Deny("not_canonical", "That is not an address or a range in canonical form.");
        }

        var least = range.IsIPv4 ? config.MinPrefixIpv4 : config.MinPrefixIpv6;
        if (range.PrefixLength < least)
        {
            return GuardDecision.Deny("too_large", $"{range} is larger than a /{least}, the largest range that blocking.min_prefix_{(range.IsIPv4 ? "ipv4" : "ipv6")} permits.");
        }

        if (SpecialUse.Of(range) is { } special && !config.AllowPrivate.Any(p => p.Contains(range)))
        {
            return GuardDecision.Deny("not_public", $"{range} is not a public address ({special}): behind a balancer or a forged header this would hit our own side. List it in blocking.allow_private if it is meant.");
        }

        if (Overlapping(never.Own, range) is { } own)
        {
            return GuardDecision.Deny("ours", $"{range} holds {own}, an address of this machine or of blocking.own.");
        }

        if (Overlapping(never.TrustedProxies, range) is { } proxy)
        {
            return GuardDecision.Deny("trusted_proxy", $"{range} holds {proxy}, a trusted proxy: everybody behind it would be denied.");
        }

        // A listed address inside a larger range is carved out of it instead.
        foreach (var allowed in never.Allowlist)
        {
            if (allowed.Contains(range))
            {
                return GuardDecision.Deny("allowlisted", $"{range} is on the allowlist ({allowed}).");
            }
        }

        return GuardDecision.Allow;
    }

    private static string? Overlapping(IReadOnlyList<AddressRange> list, AddressRange range)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (range.Overlaps(list[i]))
            {
                return list[i].ToString();
            }
        }

        return null;
    }
}
