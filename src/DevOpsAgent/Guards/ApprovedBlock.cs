using DevOpsAgent.Blocking;

namespace DevOpsAgent.Guards;

/// <summary>
/// An ApprovedBlock is the permit for one block: made only by the gate, after every check passed and the intent is
/// stored, and good for one use. Whoever holds none can't make Traefik deny anybody.
/// </summary>
internal sealed class ApprovedBlock
{
    private int _used;

    private ApprovedBlock(object issuer, Block block, long actionId)
    {
        IssuedBy = issuer;
        Block = block;
        ActionId = actionId;
    }

    /// <summary>The gate that made it: another gate's permit is refused.</summary>
    public object IssuedBy { get; }

    /// <summary>The block as stored, pending.</summary>
    public Block Block { get; }

    /// <summary>The stored intent.</summary>
    public long ActionId { get; }

    /// <summary>True for the first caller only: a permit that leaked or is replayed does nothing.</summary>
    public bool TryUse() => Interlocked.Exchange(ref _used, 1) == 0;

    /// <summary>The base of the gate, and of nothing else (a test holds that): the only place from which the constructor is reached.</summary>
    internal abstract class Issuer
    {
        private protected ApprovedBlock Issue(Block block, long actionId) => new(this, block, actionId);
    }
}
