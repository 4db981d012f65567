using System.Text.Json;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Guards;

/// <summary>A Tool is a named operation with a schema, open to code, people and models through the one gateway.</summary>
internal abstract class Tool
{
    /// <summary>snake_case: "block_client".</summary>
    public abstract string Name { get; }

    public abstract string Description { get; }

    public abstract ToolSchema Schema { get; }

    /// <summary>False: it only reads, so that a fault after it leaves nothing to reconcile.</summary>
    public abstract bool HasEffect { get; }

    /// <summary>True: it widens what may happen or hides what was found, so that a model may only propose it.</summary>
    public virtual bool PersonOnly => false;

    /// <summary>
    /// Asks the world what became of a call whose receipt was never stored: true where its effect stands now, false where
    /// it doesn't, null where that can't be told.
    /// </summary>
    public virtual bool? Stands(Intent intent) => null;

    /// <summary>A call by name. The parameters are valid by the schema.</summary>
    internal abstract Task<CallAnswer> CallAsync(Gateway gateway, JsonElement parameters, Caller caller, CancellationToken cancellationToken);
}

/// <summary>A tool whose request has this type. Code gives the request; a model gives parameters that are bound to it.</summary>
internal abstract class Tool<TRequest> : Tool
    where TRequest : class
{
    /// <summary>The request as parameters of the schema, in the order of its fields: what is hashed and kept in the receipt.</summary>
    public abstract void Write(TRequest request, Utf8JsonWriter writer);

    /// <summary>A model's parameters, valid by the schema, as a request. What the schema doesn't hold (mode, trust) comes from here, never from the model.</summary>
    public abstract TRequest Bind(JsonElement parameters, Caller caller);

    /// <summary>The incident that a request is about, under which its receipt is shown.</summary>
    public virtual long? IncidentOf(TRequest request) => null;

    /// <summary>
    /// Does it: one result per permit, in order. A permit is used up by <see cref="Permit{T}.Take"/>. Until its first await no
    /// other call of this tool is judged: what guards count (blocks under a cap) is stored before it.
    /// </summary>
    internal abstract Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<TRequest>> permits, CancellationToken cancellationToken);

    internal sealed override Task<CallAnswer> CallAsync(Gateway gateway, JsonElement parameters, Caller caller, CancellationToken cancellationToken)
    {
        var request = Bind(parameters, caller);
        return gateway.CallAsync(this, request, caller, IncidentOf(request), cancellationToken);
    }
}

/// <summary>What came of an effect: text for people, and machine-readable output for the caller (null: none).</summary>
internal sealed record ToolResult(bool Succeeded, string Text, JsonElement? Output = null)
{
    /// <summary>The same as an object, for callers in the program.</summary>
    public object? Value { get; init; }
}
