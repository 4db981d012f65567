using System.Text.Json;

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
}

/// <summary>A tool whose request has this type. Code gives the request; a model gives parameters that are bound to it.</summary>
internal abstract class Tool<TRequest> : Tool
    where TRequest : class
{
    /// <summary>The request as parameters of the schema: what is hashed and kept in the receipt.</summary>
    public abstract void Write(TRequest request, Utf8JsonWriter writer);

    /// <summary>A model's parameters, valid by the schema, as a request. What the schema doesn't hold (mode, trust) comes from here, never from the model.</summary>
    public abstract TRequest Bind(JsonElement parameters, Caller caller);

    /// <summary>Does it: one result per permit, in order. A permit is used up by <see cref="Permit{T}.Take"/>.</summary>
    internal abstract Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<TRequest>> permits, CancellationToken cancellationToken);
}

/// <summary>What came of an effect: text for people, and machine-readable output for the caller (null: none).</summary>
internal sealed record ToolResult(bool Succeeded, string Text, JsonElement? Output = null);
