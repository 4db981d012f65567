using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>A list's ranges without its carve-outs, for forms that can only name what is denied.</summary>
internal static class OpenRanges
{
    /// <summary>Disjoint and ascending within each family.</summary>
    public static IReadOnlyList<AddressRange> Denied(DenyList list)
    {
        var result = new List<AddressRange>();
        foreach (var range in list.Ranges.Order())
        {
            Add(range, [.. list.CarveOuts.Where(range.Overlaps)], result);
        }

        return result;
    }

    private static void Add(AddressRange range, AddressRange[] open, List<AddressRange> result)
    {
        if (Array.Exists(open, o => o.Contains(range)))
        {
            return;
        }

        if (open.Length == 0)
        {
            result.Add(range);
            return;
        }

        // Something smaller inside stays open: halve until it stands alone.
        var lower = new AddressRange(range.Address, range.PrefixLength + 1);
        var upper = new AddressRange(Upper(range), range.PrefixLength + 1);
        Add(lower, Array.FindAll(open, lower.Overlaps), result);
        Add(upper, Array.FindAll(open, upper.Overlaps), result);
    }

    private static ClientAddress Upper(AddressRange range)
    {
        var position = (range.IsIPv4 ? 96 : 0) + range.PrefixLength;
        return position < 64
            ? new(range.Address.High | (1UL << (63 - position)), range.Address.Low)
            : new(range.Address.High, range.Address.Low | (1UL << (127 - position)));
    }
}
