using System.Globalization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.Guards;

/// <summary>
/// The BlockGate is the one way to a block, whoever asks: rule, person or model. It checks in a fixed order, stores the
/// intent, and only then hands out the permit. Any fault on the way is a no.
/// </summary>
internal sealed class BlockGate(IStore store, NeverBlocked never, BlockingConfig config, IBlockTarget target, TimeProvider time) : ApprovedBlock.Issuer
{
    private readonly Lock _oneAtATime = new();

    /// <summary>The longest reason that is stored: it is shown in listings.</summary>
    private const int MaxReason = 500;

    /// <summary>Checks, stores the intent (action and pending block) and gives the permit. Never throws.</summary>
    public BlockDecision Judge(BlockRequest request)
    {
        // Two requests that count the same free place under a cap would both pass.
        lock (_oneAtATime)
        {
            try
            {
                return Refuse(request) ?? Permit(request);
            }
            catch (Exception e)
            {
                return new BlockDecision.Denied(BlockRefusal.Fault, $"{request.Range} was not blocked because a check failed: {e.Message}");
            }
        }
    }

    /// <summary>The checks alone: null where a permit would be given. Stores nothing. Throws what the store throws.</summary>
    public BlockDecision? Refuse(BlockRequest request) =>
        RefuseRequest(request) ?? RefuseAddress(request) ?? RefuseEvidence(request) ?? RefuseCaps(request);

    private BlockDecision? RefuseRequest(BlockRequest request)
    {
        if (request.Mode == Mode.Disabled)
        {
            return Deny(BlockRefusal.ModeDisabled, "Mode disabled records only: set mode to review or auto.");
        }

        if (request.Ttl <= TimeSpan.Zero)
        {
            return Deny(BlockRefusal.TtlMissing, "A block needs a time after which it ends by itself: a block without one outlives its reason.");
        }

        if (request.Ttl > config.MaxTtl)
        {
            return Deny(BlockRefusal.TtlTooLong, $"{Text(request.Ttl)} is longer than blocking.max_ttl ({Text(config.MaxTtl)}).");
        }

        return string.IsNullOrWhiteSpace(request.Reason) || string.IsNullOrWhiteSpace(request.By) || string.IsNullOrWhiteSpace(request.Origin)
            ? Deny(BlockRefusal.NoReason, "A block needs a reason, and who asks for it from where.")
            : null;
    }

    private BlockDecision? RefuseAddress(BlockRequest request)
    {
        var range = request.Range;

        // A value that skipped the parser could hold host bits or the all-zero default, which Traefik would read as everybody.
        if (!AddressRange.TryParse(range.ToString(), out var canonical) || canonical != range)
        {
            return Deny(BlockRefusal.NotCanonical, "That is not an address or a range in canonical form.");
        }

        var least = range.IsIPv4 ? config.MinPrefixIpv4 : config.MinPrefixIpv6;
        if (range.PrefixLength < least)
        {
            return Deny(BlockRefusal.TooLarge, $"{range} is larger than a /{least}, the largest range that blocking.min_prefix_{(range.IsIPv4 ? "ipv4" : "ipv6")} permits.");
        }

        if (SpecialUse.Of(range) is { } special && !config.AllowPrivate.Any(p => p.Contains(range)))
        {
            return Deny(BlockRefusal.NotPublic, $"{range} is not a public address ({special}): behind a balancer or a forged header this would hit our own side. List it in blocking.allow_private if it is meant.");
        }

        if (Overlapping(never.Own, range) is { } own)
        {
            return Deny(BlockRefusal.Ours, $"{range} holds {own}, an address of this machine or of blocking.own.");
        }

        if (Overlapping(never.TrustedProxies, range) is { } proxy)
        {
            return Deny(BlockRefusal.TrustedProxy, $"{range} holds {proxy}, a trusted proxy: everybody behind it would be denied.");
        }

        // A listed address inside a larger range is carved out of it instead.
        return never.Allowlist.Where(a => a.Contains(range)).Select(static a => a.ToString()).FirstOrDefault() is { } allowed
            ? Deny(BlockRefusal.Allowlisted, $"{range} is on the allowlist ({allowed}).")
            : null;
    }

    private BlockDecision? RefuseEvidence(BlockRequest request)
    {
        var auto = request.Mode == Mode.Auto;
        if (request.IncidentId is not { } id)
        {
            return auto ? Deny(BlockRefusal.NoIncident, "Mode auto blocks only for an incident.") : null;
        }

        if (store.GetIncident(id) is not { } incident)
        {
            return Deny(BlockRefusal.NoIncident, $"There is no incident {id}.");
        }

        // A model or a caller that names a victim's address with somebody else's incident fails here.
        var clients = incident.Clients.Count(request.Range.Contains);
        if (clients == 0)
        {
            return Deny(BlockRefusal.NoEvidence, $"No client of incident {id} is in {request.Range}: there is no evidence against it.");
        }

        if (incident.Status is IncidentStatus.Rejected or IncidentStatus.Allowed or IncidentStatus.Expired)
        {
            return Deny(BlockRefusal.IncidentClosed, $"Incident {id} is {incident.Status.ToString().ToLowerInvariant()}.");
        }

        if (!auto)
        {
            return null;
        }

        if (incident.Evidence.Forgeable && !request.TrustForgeable)
        {
            return Hold(BlockRefusal.Forgeable, $"Incident {id} rests on CLF lines alone, which any client can forge: a person must look. JSON access logs can't be forged.");
        }

        var enough = request.Range.IsIPv4 ? clients >= config.AggregateShare * Math.Pow(2, 32 - request.Range.PrefixLength) : request.Range.PrefixLength >= 64;
        return enough ? null : Hold(BlockRefusal.RangeShare, $"{request.Range} holds addresses without evidence of their own: a person must approve it.");
    }

    private BlockDecision? RefuseCaps(BlockRequest request)
    {
        if (request.Mode == Mode.Auto && store.CountBlocksSince(time.GetUtcNow() - config.Interval) is var recent && recent >= config.MaxNewBlocks)
        {
            return Hold(BlockRefusal.IntervalCap, $"{recent} blocks in the last {Text(config.Interval)}, the cap blocking.max_new_blocks is {config.MaxNewBlocks}: the rest waits for a person.");
        }

        store.ListBlocks(liveOnly: true, 1, 0, out var live);
        if (live < config.MaxBlocks)
        {
            return null;
        }

        var full = $"{live} live blocks, the cap blocking.max_blocks is {config.MaxBlocks}: lift some or raise it.";
        return request.Mode == Mode.Auto ? Hold(BlockRefusal.TotalCap, full) : Deny(BlockRefusal.TotalCap, full);
    }

    private BlockDecision.Allowed Permit(BlockRequest request)
    {
        var now = time.GetUtcNow();
        var offence = TtlPolicy.Offence(store, request.Range, config, now);
        var ttl = request.TtlIsFinal ? request.Ttl : TtlPolicy.For(request.Ttl, offence, config.MaxTtl);

        // The action comes first: a crash between the two leaves an intent without a block, which reconciling closes as failed.
        var action = store.AddAction(BlockAction.Intend(request, ttl, target.Description, now));
        var block = new Block
        {
            Range = request.Range,
            IncidentId = request.IncidentId,
            Reason = request.Reason.Length > MaxReason ? request.Reason[..MaxReason] : request.Reason,
            CreatedAt = now,
            ExpiresAt = now + ttl,
            ApprovedBy = request.By,
            Status = BlockStatus.Pending,
            UpdatedAt = now,
            Offence = offence,
        };
        try
        {
            return new(Issue(block with { Id = store.AddBlock(block) }, action));
        }
        catch (StoreException e)
        {
            store.CompleteAction(action, now, $"failed: {e.Message}", undo: null);
            throw;
        }
    }

    private static string? Overlapping(IReadOnlyList<AddressRange> list, AddressRange range) =>
        list.Where(range.Overlaps).Select(static r => r.ToString()).FirstOrDefault();

    private static BlockDecision.Denied Deny(BlockRefusal code, string text) => new(code, text);

    private static BlockDecision.Pending Hold(BlockRefusal code, string text) => new(code, text);

    private static string Text(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);
}
