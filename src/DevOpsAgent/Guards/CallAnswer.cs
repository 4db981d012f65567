using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Guards;

/// <summary>One call of a tool by code.</summary>
internal readonly record struct Call<TRequest>(TRequest Request, Caller Caller, long? IncidentId);

/// <summary>The gateway's answer, as its receipt says it.</summary>
internal sealed record CallAnswer
{
    /// <summary>The seq of the intent; null where none could be stored.</summary>
    public long? Intent { get; init; }

    public required Decision Decision { get; init; }

    /// <summary>True: not denied, but a person must do it.</summary>
    public bool Waits { get; init; }

    /// <summary>The guard and check that decided, as "target_safety.not_public"; empty where all allowed.</summary>
    public string Reason { get; init; } = "";

    /// <summary>One sentence: what came of it, or why not and what to do.</summary>
    public required string Text { get; init; }

    /// <summary>What the tool returned; null where it wasn't run.</summary>
    public ToolResult? Result { get; init; }

    /// <summary>The store failed before, in or after the effect: to be tried again.</summary>
    public StoreException? Fault { get; init; }

    /// <summary>The check alone: "not_public".</summary>
    public string Code => Reason[(Reason.IndexOf('.', StringComparison.Ordinal) + 1)..];

    /// <exception cref="StoreException">The store failed.</exception>
    public CallAnswer OrThrow() => Fault is { } fault ? throw new StoreException(fault.Message, fault.Fault, fault) : this;
}
