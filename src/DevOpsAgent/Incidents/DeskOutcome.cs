namespace DevOpsAgent.Incidents;

internal enum DeskResult
{
    Done,

    /// <summary>It stood so before: by whom and when is in the message. Nothing changed.</summary>
    AlreadyDone,

    /// <summary>The incident's state doesn't permit it, or somebody else decided otherwise first.</summary>
    Refused,
    NotFound,

    /// <summary>A guard denies it, or leaves it to somebody else. Nothing changed.</summary>
    Denied,

    /// <summary>The store can't do it now. Nothing changed.</summary>
    Unavailable,
}

/// <summary>What came of a decision. Never an exception.</summary>
internal sealed record DeskOutcome
{
    private DeskOutcome(DeskResult result, long id, Incident? incident, string message)
    {
        Result = result;
        Id = id;
        Incident = incident;
        Message = message;
    }

    public DeskResult Result { get; }
    public long Id { get; }

    /// <summary>As it stands now; null when not found or unavailable.</summary>
    public Incident? Incident { get; }

    /// <summary>One sentence for people: what happened, or why not and what to do.</summary>
    public string Message { get; }

    public bool Succeeded => Result is DeskResult.Done or DeskResult.AlreadyDone;

    public static DeskOutcome Done(Incident incident, string message) => new(DeskResult.Done, incident.Id, incident, message);

    public static DeskOutcome AlreadyDone(Incident incident, string message) => new(DeskResult.AlreadyDone, incident.Id, incident, message);

    public static DeskOutcome Refused(Incident incident, string message) => new(DeskResult.Refused, incident.Id, incident, message);

    public static DeskOutcome Denied(long id, string message) => new(DeskResult.Denied, id, null, message);

    public static DeskOutcome NotFound(long id) => new(DeskResult.NotFound, id, null, $"There is no incident {id}.");

    public static DeskOutcome Unavailable(long id, string message) => new(DeskResult.Unavailable, id, null, message);
}
