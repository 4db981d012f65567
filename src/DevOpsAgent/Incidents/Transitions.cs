using static DevOpsAgent.Incidents.IncidentStatus;

namespace DevOpsAgent.Incidents;

/// <summary>Which status may follow which. Everything that isn't in the table is refused, by the store too.</summary>
internal static class Transitions
{
    /// <summary>Null as the first: how an incident may begin.</summary>
    private static readonly (IncidentStatus? From, IncidentStatus[] To)[] Table =
    [
        (null, [Open, Recommended, Allowed]),
        (Open, [Recommended, Rejected, Allowed, Expired]),
        (Recommended, [Approved, Rejected, Allowed, Expired, Open]),

        // Back to Recommended: undone. To Allowed: listed between approval and effect.
        (Approved, [Blocked, Failed, Recommended, Allowed, Expired]),

        // Back to Recommended: unblocked by a person, or a campaign has grown by clients that are not blocked yet.
        (Blocked, [Expired, Recommended, Allowed, Failed]),

        // To Approved: tried again. To Blocked: the target came back by itself.
        (Failed, [Approved, Blocked, Recommended, Rejected, Allowed, Expired]),

        // Undone, or the severity has risen since.
        (Rejected, [Recommended, Open, Allowed]),
        (Allowed, []),
        (Expired, []),
    ];

    public static bool IsLegal(IncidentStatus? from, IncidentStatus to)
    {
        foreach (var row in Table)
        {
            if (row.From == from)
            {
                return Array.IndexOf(row.To, to) >= 0;
            }
        }

        return false;
    }

    /// <summary>Not closed: there is at most one such incident per subject and threat.</summary>
    public static bool IsOpen(IncidentStatus status) => status is Open or Recommended or Approved or Blocked or Failed;

    /// <summary>Throws for an illegal transition: a fault of the program, not of a person.</summary>
    public static void Require(IncidentStatus? from, IncidentStatus to)
    {
        if (!IsLegal(from, to))
        {
            throw new ArgumentException($"An incident can't go from {from?.ToString() ?? "nothing"} to {to}.", nameof(to));
        }
    }
}
