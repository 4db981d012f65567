using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Blocking;

/// <summary>Stores permitted blocks before anything is denied: whoever writes the target finds them there.</summary>
internal sealed class PendingBlocks(IStore store, BlockingConfig config, Func<string> where, TimeProvider time)
{
    /// <summary>The longest reason that is stored: it is shown in listings.</summary>
    public const int MaxReason = 500;

    /// <summary>The blocks as stored, pending, in the same order.</summary>
    /// <exception cref="StoreException">None is stored, or, where the store has no transaction for it, the first ones.</exception>
    public IReadOnlyList<Block> Add(IReadOnlyList<BlockRequest> requests)
    {
        var now = time.GetUtcNow();
        var pending = requests.Select(r => Pending(r, now)).ToList();
        var ids = store.AddBlocks(pending);
        return [.. pending.Select((p, i) => p.Block with { Id = ids[i] })];
    }

    private (ActionRecord Intent, Block Block) Pending(BlockRequest request, DateTimeOffset now)
    {
        var offence = TtlPolicy.Offence(store, request.Range, config, now);
        var ttl = request.TtlIsFinal ? request.Ttl : TtlPolicy.For(request.Ttl, offence, config.MaxTtl);
        var block = new Block
        {
            Range = request.Range,
            IncidentId = request.IncidentId,
            Reason = request.Reason.Length > MaxReason ? request.Reason[..MaxReason] : request.Reason,
            CreatedAt = now,
            ExpiresAt = now + ttl,
            ApprovedBy = request.By,
            Status = BlockStatus.Pending,
            UpdatedAt = now,
            Offence = offence,
        };
        return (BlockAction.Intend(request, ttl, where(), now), block);
    }
}
