using DevOpsAgent.Addresses;

namespace DevOpsAgent.Incidents;

/// <summary>A set of ranges that is asked whether others lie inside. Single addresses, of which a campaign has thousands, cost one look-up.</summary>
internal sealed class RangeCover
{
    private readonly HashSet<AddressRange> _exact;
    private readonly List<AddressRange> _wide;

    private RangeCover(IReadOnlyList<AddressRange> ranges)
    {
        _exact = [.. ranges];
        _wide = [.. ranges.Where(static r => !r.IsSingle)];
    }

    public static RangeCover Of(IReadOnlyList<AddressRange> ranges) => new(ranges);

    /// <summary>Each of them lies inside one of the ranges.</summary>
    public bool Covers(IEnumerable<AddressRange> ranges) => ranges.All(r => _exact.Contains(r) || _wide.Exists(w => w.Contains(r)));
}
