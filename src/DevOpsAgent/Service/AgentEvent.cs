using DevOpsAgent.Incidents;

namespace DevOpsAgent.Service;

/// <summary>Something that the person who watches the service's output should see.</summary>
/// <param name="Text">One sentence; may hold text from logs.</param>
internal sealed record AgentEvent(AgentEventKind Kind, DateTimeOffset At, string Text, Incident? Incident = null);

internal enum AgentEventKind
{
    Started,
    IncidentOpened,
    IncidentChanged,
    Block,

    /// <summary>A cap or a guard left something to a person, or a part is down.</summary>
    Warning,
}
