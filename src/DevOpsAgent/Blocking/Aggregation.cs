using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Blocking;

/// <summary>
/// Turns blocks into the shortest list that denies the same addresses: contained ranges go, full neighbours merge. Only with
/// <see cref="BlockingConfig.AggregateShare"/> below 1 may a range cover addresses that were never blocked, and then never
/// more than the largest permitted range and never one that holds a protected address.
/// </summary>
internal static class Aggregation
{
    public static DenyList DenyList(IEnumerable<AddressRange> blocked, IReadOnlyList<AddressRange> isProtected, BlockingConfig config)
    {
        var protect = Disjoint(isProtected);
        var ranges = Merge(blocked.Where(b => !Covered(protect, b)), protect, config);
        return new(ranges, [.. protect.Where(p => Covered(ranges, p))]);
    }

    /// <summary>Disjoint and ascending.</summary>
    public static IReadOnlyList<AddressRange> Merge(IEnumerable<AddressRange> blocked, IReadOnlyList<AddressRange> isProtected, BlockingConfig config)
    {
        var result = new List<AddressRange>();
        foreach (var range in Disjoint(blocked))
        {
            result.Add(range);
            while (result.Count > 1 && Siblings(result[^2], result[^1]) is { } parent && parent.PrefixLength >= Least(parent, config))
            {
                result.RemoveRange(result.Count - 2, 2);
                result.Add(parent);
            }
        }

        return config.AggregateShare < 1 ? Cover(result, Disjoint(isProtected), config) : result;
    }

    /// <summary>True: one of the disjoint ascending ranges contains it.</summary>
    public static bool Covered(IReadOnlyList<AddressRange> ranges, AddressRange range)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = ranges[middle] <= range ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && ranges[low - 1].Contains(range);
    }

    private static List<AddressRange> Disjoint(IEnumerable<AddressRange> ranges)
    {
        var result = new List<AddressRange>();
        foreach (var range in ranges.Order())
        {
            if (result.Count == 0 || !result[^1].Contains(range))
            {
                result.Add(range);
            }
        }

        return result;
    }

    private static AddressRange? Siblings(AddressRange left, AddressRange right)
    {
        if (left.PrefixLength != right.PrefixLength || left.PrefixLength == 0)
        {
            return null;
        }

        var parent = new AddressRange(left.Address, left.PrefixLength - 1);
        return left != right && parent.Contains(right) ? parent : null;
    }

    private static List<AddressRange> Cover(List<AddressRange> ranges, List<AddressRange> isProtected, BlockingConfig config)
    {
        var result = new List<AddressRange>();
        for (var i = 0; i < ranges.Count;)
        {
            var candidate = ranges[i];
            var least = Least(candidate, config);
            if (candidate.PrefixLength > least)
            {
                candidate = new(candidate.Address, least);
            }

            var end = i + 1;
            while (end < ranges.Count && candidate.Contains(ranges[end]))
            {
                end++;
            }

            Cover(candidate, ranges.GetRange(i, end - i), isProtected, config.AggregateShare, result);
            i = end;
        }

        return result;
    }

    private static void Cover(AddressRange candidate, List<AddressRange> members, List<AddressRange> isProtected, double share, List<AddressRange> result)
    {
        if (members.Count <= 1)
        {
            result.AddRange(members);
            return;
        }

        var blocked = members.Sum(m => Math.Pow(2, candidate.PrefixLength - m.PrefixLength));
        if (blocked >= share && !isProtected.Exists(candidate.Overlaps))
        {
            result.Add(candidate);
            return;
        }

        var half = new AddressRange(candidate.Address, candidate.PrefixLength + 1);
        var split = members.FindIndex(m => !half.Contains(m));
        split = split < 0 ? members.Count : split;
        Cover(half, members.GetRange(0, split), isProtected, share, result);
        if (split < members.Count)
        {
            Cover(new(members[split].Address, half.PrefixLength), members.GetRange(split, members.Count - split), isProtected, share, result);
        }
    }

    private static int Least(AddressRange range, BlockingConfig config) => range.IsIPv4 ? config.MinPrefixIpv4 : config.MinPrefixIpv6;
}
