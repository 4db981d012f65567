using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;

namespace DevOpsAgent.Tests.Guards;

/// <summary>The desks' methods without the gateway in front of them: each call gets a permit of its own.</summary>
internal static class DeskCalls
{
    public static DeskOutcome Approve(this IncidentDesk desk, long id, string by, string origin, TimeSpan? ttl = null, string? note = null, long? seen = null) =>
        desk.Decide(Permits.Of(new IncidentDecision(id, DecisionKind.Approve, by, origin) { Ttl = ttl, Note = note, Seen = seen }));

    public static DeskOutcome Reject(this IncidentDesk desk, long id, string by, string origin, string? note = null) =>
        desk.Decide(Permits.Of(new IncidentDecision(id, DecisionKind.Reject, by, origin) { Note = note }));

    public static DeskOutcome Undo(this IncidentDesk desk, long id, string by, string origin, TimeSpan? within = null) =>
        desk.Decide(Permits.Of(new IncidentDecision(id, DecisionKind.Undo, by, origin) { Within = within }));

    public static AllowlistOutcome Add(this AllowlistDesk desk, string value, string? description, DateTimeOffset? expiresAt, bool force = false, long? replaces = null) =>
        desk.Add(Permits.Of(new AllowRequest(value, description ?? "", expiresAt) { Force = force, Replaces = replaces }));

    public static AllowlistOutcome Remove(this AllowlistDesk desk, long id) => desk.Remove(Permits.Of(new DisallowRequest(id, null)));

    public static AllowlistOutcome Remove(this AllowlistDesk desk, string value) => desk.Remove(Permits.Of(new DisallowRequest(null, value)));

    public static AllowlistImport Import(this AllowlistDesk desk, string csv, bool partial) => desk.Import(Permits.Of(new AllowImportRequest(csv, partial, Force: false)));

    public static void Set(this ModeSwitch modes, Mode mode) => modes.Set(Permits.Of(new ModeRequest(mode)));
}
