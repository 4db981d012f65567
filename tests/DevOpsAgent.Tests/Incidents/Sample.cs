using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Incidents;

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class StillClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = Sample.Start;

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>Incidents, findings and the like as the tests need them.</summary>
internal static class Sample
{
    public static DateTimeOffset Start { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static Evidence Evidence(string path = "/.env", long requests = 61) => new()
    {
        FirstSeen = Start.AddMinutes(-5),
        LastSeen = Start,
        Requests = requests,
        Matched = requests,
        DistinctPaths = 7,
        Rules =
        [
            new()
            {
                RuleId = "secret-files", Title = "Secret files", Fired = true, FiredAt = Start, FiredAtRequest = 5,
                Conditions = [new("distinct_paths", 7, 5, TimeSpan.FromMinutes(10))],
            },
        ],
        Paths = [new(path, requests, 404)],
        Agents = [new("Mozilla/5.0 \u2028 <script>alert(1)</script>", 3)],
        Samples = ["{\"RequestPath\":\"/.env\"}", "nul \0 and \uFFFD"],
        Chart = new() { Start = Start, Ok = [0, 1], Refused = [2, 3], Failed = [0, 0] },
        Forgeable = true,
    };

    public static Recommendation Recommendation(params string[] ranges) => new()
    {
        Action = RuleAction.Block,
        Ranges = [.. ranges.Select(AddressRange.Parse)],
        Why = "Asked for 61 secret files.",
        Where = "Traefik file /etc/traefik/dynamic/devops-agent.yaml at web",
        Ttl = TimeSpan.FromHours(4),
        ProposedBy = "rule secret-files",
        Change = "+ 203.0.113.7",
    };

    public static Incident Incident(string client = "203.0.113.7", IncidentStatus status = IncidentStatus.Recommended, string threat = "secrets-scan") => new()
    {
        Subject = client,
        Clients = [ClientAddress.Parse(client)],
        Threat = threat,
        Severity = Severity.High,
        Status = status,
        DetectedAt = Start,
        UpdatedAt = Start,
        Summary = "Asked for 61 secret files in 48 s, got 404 each time.",
        Evidence = Evidence(),
        Recommendation = status is IncidentStatus.Open or IncidentStatus.Allowed ? null : Recommendation(client),
    };

    public static StatusChange Change(IncidentStatus to, string by = "alice", DateTimeOffset? at = null, string? note = null) =>
        new() { IncidentId = 0, From = null, To = to, At = at ?? Start, By = by, Origin = "cli uid 1000", Note = note };

    public static Incident Add(this IStore store, Incident incident) =>
        store.Commit(new() { Incidents = [new(incident, Change(incident.Status, "rule", incident.UpdatedAt))] })[0];

    public static Block Block(string range = "203.0.113.7", long? incident = null, BlockStatus status = BlockStatus.Active) => new()
    {
        Range = AddressRange.Parse(range),
        IncidentId = incident,
        Reason = "secrets-scan",
        CreatedAt = Start,
        ExpiresAt = Start.AddHours(4),
        ApprovedBy = "alice",
        Status = status,
        UpdatedAt = Start,
    };

    public static Finding Finding(
        string client = "203.0.113.7", Severity severity = Severity.High, RuleAction action = RuleAction.Block, string rule = "secret-files", long requests = 61) => new()
    {
        RuleId = rule,
        RuleVersion = 1,
        Threat = "secrets-scan",
        Severity = severity,
        Action = action,
        Subject = Subject.Of(ClientAddress.Parse(client)),
        At = Start,
        Evidence = Evidence(requests: requests),
        Summary = $"{rule} {severity} {requests}",
    };

    public static Finding Campaign(params string[] clients) => Finding() with
    {
        Subject = new() { Key = "campaign-0123456789ab", Clients = [.. clients.Select(ClientAddress.Parse).Order()], IsCampaign = true },
    };

    public static AllowlistEntry Entry(string value, DateTimeOffset? expires = null) => new() { Value = value, CreatedAt = Start, ExpiresAt = expires };
}
