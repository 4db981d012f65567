using System.Text.Json;

namespace DevOpsAgent.Guards;

/// <summary>A Guard judges a tool call before its effect. A fault or a timeout of a guard denies the call.</summary>
internal interface IGuard
{
    /// <summary>As configured and listed: "target_safety".</summary>
    string Name { get; }

    /// <summary>Advisory guards never deny; their signals may be promoted by configuration.</summary>
    bool Advisory { get; }

    /// <summary>
    /// True: it answers from memory, or from the store in which the intent was written a moment before. Where all guards of a tool do, they
    /// are asked on the caller's thread: what could hold them up has held up the intent before. The time limit holds all the same.
    /// </summary>
    bool IsQuick => false;

    /// <summary>Whether this tool is any of its business; asked once per tool.</summary>
    bool Judges(Tool tool);

    ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken);
}

/// <summary>What a guard may look at.</summary>
/// <param name="Request">The typed request of the tool, as BlockRequest or ExecRequest.</param>
/// <param name="Parameters">The same as validated JSON.</param>
internal sealed record GuardContext(Tool Tool, object Request, JsonElement Parameters, Caller Caller, long? IncidentId, DateTimeOffset Now)
{
    /// <summary>0 for a single call; the place in a call that asks for several things at once.</summary>
    public int Place { get; init; }

    /// <summary>How many of the same call were permitted before this one and are not yet stored: caps count them.</summary>
    public int Permitted { get; init; }
}

internal enum Verdict
{
    Allow,
    PendingApproval,
    Deny,
}

/// <summary>One guard's answer. The text says why and what to do, the evidence holds the numbers it rests on.</summary>
/// <param name="Code">The check that said no, in snake_case: "not_public". Empty for Allow.</param>
internal readonly record struct GuardDecision(Verdict Verdict, string Code, string Text, IReadOnlyList<GuardEvidence> Evidence, IReadOnlyList<Signal> Signals)
{
    public static GuardDecision Allow { get; } = new(Verdict.Allow, "", "", [], []);

    public static GuardDecision Deny(string code, string text) => new(Verdict.Deny, code, text, [], []);

    public static GuardDecision Pending(string code, string text) => new(Verdict.PendingApproval, code, text, [], []);
}

/// <summary>One fact for the receipt: guard "caps", name "blocks_in_interval", value "12 of 50".</summary>
internal sealed record GuardEvidence(string Guard, string Name, string Value);

/// <summary>What an advisory guard noticed. Promoted by a rule {guard, minimum severity} it denies.</summary>
internal sealed record Signal(string Guard, string Description, SignalSeverity Severity, IReadOnlyDictionary<string, string> Metadata)
{
    public bool Promoted { get; init; }
}

internal enum SignalSeverity
{
    Info,
    Low,
    Medium,
    High,
    Critical,
}
