using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Service;

/// <summary>Makes the recommendation for an incident: what, why, where, how long, the exact change, and why mode auto would leave it to a person.</summary>
/// <param name="plan">Null: nothing can be written (scan, replay); the recommendation then has no change.</param>
/// <param name="peerProblem">Why a block by TCP peer would be wrong with this log; null where it is right.</param>
internal sealed class Recommender(BlockingConfig config, Func<IReadOnlyList<BlockRequest>, BlockPlan>? plan, Func<string?> peerProblem)
{
    /// <summary>Null: the rules only record, there is nothing to recommend.</summary>
    public Recommendation? Make(Incident incident, Proposal proposal)
    {
        if (proposal.Action == RuleAction.Record)
        {
            return null;
        }

        var ttl = proposal.Ttl is { } own && own < config.MaxTtl ? own : proposal.Ttl is null ? config.Ttl : config.MaxTtl;
        IReadOnlyList<AddressRange> ranges = [.. incident.Clients.Select(AddressRange.Single)];
        var planned = plan?.Invoke([.. ranges.Select(range => Request(incident, range, ttl, "auto", "service", Mode.Review))]);
        return new()
        {
            Action = proposal.Action,
            Ranges = ranges,
            Why = incident.Summary,
            Where = planned?.Where ?? $"Traefik, at {string.Join(", ", config.EntryPoints)}",
            Ttl = planned?.Ttl ?? ttl,
            ProposedBy = $"rule {proposal.RuleId}",
            Change = planned?.Change ?? "",
            Held = Held(incident, proposal, planned),
        };
    }

    public static BlockRequest Request(Incident incident, AddressRange range, TimeSpan ttl, string by, string origin, Mode mode) => new()
    {
        Range = range,
        IncidentId = incident.Id == 0 ? null : incident.Id,
        Reason = incident.Summary,
        Ttl = ttl,
        By = by,
        Origin = origin,
        Mode = mode,
    };

    private string? Held(Incident incident, Proposal proposal, BlockPlan? planned) =>
        proposal.Action != RuleAction.Block ? "the evidence is for a person to judge, not enough to block by itself"
        : proposal.Mode is Mode.Review or Mode.Disabled ? $"rule {proposal.RuleId} is in mode {proposal.Mode.ToString()!.ToLowerInvariant()}"
        : incident.Evidence.Forgeable ? "it rests on CLF lines alone, which any client can forge; JSON access logs can't be forged"
        : peerProblem() is { } problem ? problem
        : planned?.Refusal?.Text;
}
