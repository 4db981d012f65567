using System.Globalization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Guards;

/// <summary>
/// A block rests on evidence of its own in the store, not on what its caller says: the incident exists, is open, and the
/// address is one of its clients. What nobody looked at must rest on lines that can't be forged, and hit nobody else.
/// </summary>
/// <param name="find">The stored incident; null: there is none.</param>
internal sealed class EvidenceGuard(Func<long, Incident?> find, BlockingConfig config) : IGuard
{
    public string Name => "evidence";

    public bool Advisory => false;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => tool is Tool<BlockRequest>;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken)
    {
        var request = (BlockRequest)context.Request;
        return new(Check(request, request.Mode == Mode.Auto || context.Caller.Kind != CallerKind.Person));
    }

    /// <param name="auto">No person looked at it.</param>
    public GuardDecision Check(BlockRequest request, bool auto)
    {
        if (request.IncidentId is not { } id)
        {
            return auto ? GuardDecision.Deny("no_incident", "Mode auto blocks only for an incident.") : GuardDecision.Allow;
        }

        if (find(id) is not { } incident)
        {
            return GuardDecision.Deny("no_incident", $"There is no incident {id}.");
        }

        // A model or a caller that names a victim's address with somebody else's incident fails here.
        var clients = incident.Clients.Count(request.Range.Contains);
        if (clients == 0)
        {
            return GuardDecision.Deny("no_evidence", $"No client of incident {id} is in {request.Range}: there is no evidence against it.");
        }

        if (incident.Status is IncidentStatus.Rejected or IncidentStatus.Allowed or IncidentStatus.Expired)
        {
            return GuardDecision.Deny("incident_closed", $"Incident {id} is {incident.Status.ToString().ToLowerInvariant()}.");
        }

        GuardEvidence[] evidence =
        [
            new(Name, "clients_in_range", clients.ToString(CultureInfo.InvariantCulture)),
            new(Name, "matched_requests", incident.Evidence.Matched.ToString(CultureInfo.InvariantCulture)),
        ];
        if (auto && incident.Evidence.Forgeable && !request.TrustForgeable)
        {
            return GuardDecision.Pending("forgeable", $"Incident {id} rests on CLF lines alone, which any client can forge: a person must look. JSON access logs can't be forged.") with { Evidence = evidence };
        }

        var enough = request.Range.IsIPv4 ? clients >= config.AggregateShare * Math.Pow(2, 32 - request.Range.PrefixLength) : request.Range.PrefixLength >= 64;
        return (auto && !enough
            ? GuardDecision.Pending("range_share", $"{request.Range} holds addresses without evidence of their own: a person must approve it.")
            : GuardDecision.Allow) with { Evidence = evidence };
    }
}
