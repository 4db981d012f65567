namespace DevOpsAgent.Detection;

/// <summary>
/// What the runtime guard saw a process of this machine do against its policy. File names and addresses come from the process,
/// and so from an attacker: render them as text only. Lists are bounded; the stored JSON uses these names in snake_case and is append only.
/// </summary>
internal sealed record ProcessEvidence
{
    /// <summary>The policy's name.</summary>
    public string Process { get; init; } = "";

    /// <summary>alert or enforce, when it was seen last.</summary>
    public string Mode { get; init; } = "";

    /// <summary>Who watches: lsm, tracepoint, proc, process.</summary>
    public string Backend { get; init; } = "";

    /// <summary>By what was done, the newest first; at most 50.</summary>
    public IReadOnlyList<ViolationCount> Violations { get; init; } = [];

    /// <summary>Violations beyond those listed: too many kinds, or too many at once.</summary>
    public long Others { get; init; }

    /// <summary>The newest process that did it, with those above it and its children; from the top down.</summary>
    public IReadOnlyList<TreeProcess> Tree { get; init; } = [];

    /// <summary>What the guard did about it, or why not; newest last, at most 20.</summary>
    public IReadOnlyList<GuardAct> Acts { get; init; } = [];
}

/// <summary>The same thing done again and again.</summary>
internal sealed record ViolationCount
{
    /// <summary>"blocked file access: /etc/shadow (pattern: /etc/shadow)".</summary>
    public required string Detail { get; init; }

    /// <summary>The rule as written; null: what is missing is a rule that allows it.</summary>
    public string? Rule { get; init; }

    /// <summary>Of the rule in the policy file; 0: none.</summary>
    public int Line { get; init; }

    public required Severity Severity { get; init; }

    /// <summary>alerted, blocked or killed: what was done about the newest.</summary>
    public required string Action { get; init; }

    /// <summary>How it was seen or stopped.</summary>
    public string Method { get; init; } = "";

    /// <summary>The newest process; 0: not known.</summary>
    public int Pid { get; init; }

    public required long Count { get; init; }
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }
}

/// <param name="Uid">-1: unknown.</param>
/// <param name="Role">ancestor, violator or child.</param>
internal sealed record TreeProcess(int Pid, int ParentPid, string Exe, int Uid, string Role);

/// <param name="Receipt">In the guard's own receipts; null: none.</param>
internal sealed record GuardAct(DateTimeOffset At, string Action, bool Done, string Text, long? Receipt);
