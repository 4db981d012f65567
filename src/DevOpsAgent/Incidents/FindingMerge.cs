using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Incidents;

/// <summary>Findings of one subject and threat, merged into its incident.</summary>
internal static class FindingMerge
{
    /// <summary>
    /// The incident with the findings' facts; status and recommendation as they were (a new one: Open). Evidence is a snapshot of
    /// all so far, so the newest replaces the older. The summary is the newest of the highest severity: a low rule that fires
    /// later must not hide what the incident is about.
    /// </summary>
    public static Incident Into(Incident? known, IReadOnlyList<Finding> findings, DateTimeOffset now)
    {
        var first = findings[0];
        var incident = known ?? new Incident
        {
            Subject = first.Subject.Key,
            IsCampaign = first.Subject.IsCampaign,
            Clients = first.Subject.Clients,
            Threat = first.Threat,
            Severity = first.Severity,
            Status = IncidentStatus.Open,
            DetectedAt = first.At,
            UpdatedAt = now,
            Summary = first.Summary,
            Evidence = first.Evidence,
        };
        foreach (var finding in findings)
        {
            incident = incident with
            {
                Clients = IncidentBook.Union(incident.Clients, finding.Subject.Clients),
                Summary = finding.Severity >= incident.Severity ? finding.Summary : incident.Summary,
                Severity = IncidentBook.Max(incident.Severity, finding.Severity),
                DetectedAt = finding.At < incident.DetectedAt ? finding.At : incident.DetectedAt,
                Evidence = finding.Evidence,
            };
        }

        return incident with { UpdatedAt = now };
    }

    /// <summary>
    /// Only rules that ask for the strongest action have a say in mode and time. Among them the widest mode counts, since that rule
    /// alone would be enough, and the longest time.
    /// </summary>
    public static Proposal Propose(Incident? known, IReadOnlyList<Finding> findings)
    {
        var action = findings.Max(static f => f.Action);
        var strongest = findings.Where(f => f.Action == action).ToList();
        var widest = strongest.MaxBy(static f => f.Mode ?? Mode.Auto)!;
        var ttl = strongest.Max(static f => f.Ttl);
        var stands = known?.Recommendation;
        return new(
            stands?.Action > action ? stands.Action : action,
            widest.Mode,
            stands?.Ttl > ttl ? stands.Ttl : ttl,
            widest.RuleId);
    }
}
