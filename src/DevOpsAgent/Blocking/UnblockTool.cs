using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Blocking;

/// <summary>The end of one block before its time.</summary>
/// <param name="By">The person's name.</param>
internal sealed record UnblockRequest(long BlockId, string By, string Origin);

/// <summary>What came of it. Block as stored now (null: there is none of this number); Lifted: it was live before; Written: the target's answer (null: not asked).</summary>
internal sealed record LiftOutcome(Block? Block, bool Lifted, TargetResult? Written);

/// <summary>Ends a block at once.</summary>
internal sealed class UnblockTool(Blocker blocker, IStore store) : Tool<UnblockRequest>
{
    public override string Name => "unblock";

    public override string Description => "Ends a block before its time";

    public override ToolSchema Schema { get; } = new([new("block", FieldType.Integer, "The block's number") { Min = 1 }]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(UnblockRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("block", request.BlockId);
        writer.WriteEndObject();
    }

    public override UnblockRequest Bind(JsonElement parameters, Caller caller) => new(parameters.GetProperty("block").GetInt64(), caller.By, caller.Origin);

    public override long? IncidentOf(UnblockRequest request) => store.GetBlock(request.BlockId)?.IncidentId;

    public override bool? Stands(Intent intent)
    {
        using var parameters = JsonDocument.Parse(intent.Parameters);
        return store.GetBlock(parameters.RootElement.GetProperty("block").GetInt64()) is { } block && !BlockLedger.IsLive(block.Status);
    }

    internal override async Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<UnblockRequest>> permits, CancellationToken cancellationToken) =>
        [.. (await blocker.LiftAsync(permits, cancellationToken)).Select(Result)];

    private static ToolResult Result(LiftOutcome outcome) => new(
        outcome.Block is not null && outcome.Written?.Outcome != TargetOutcome.Failed && !BlockLedger.IsLive(outcome.Block.Status),
        outcome switch
        {
            { Block: null } => "There is no block of this number.",
            { Lifted: false, Block: var block } => string.Create(CultureInfo.InvariantCulture, $"{block.Range} was not denied by block {block.Id} any more."),
            { Written: { } written, Block: var block } => $"{block.Range} is open again. {written.Detail}",
            { Block: var block } => $"The end of block {block.Id} of {block.Range} is stored.",
        },
        null) { Value = outcome };
}
