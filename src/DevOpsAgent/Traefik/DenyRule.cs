using System.Numerics;
using System.Text;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Traefik;

/// <summary>
/// A DenyRule is Traefik's v3 rule that matches exactly the ranges minus the carve-outs. Traefik walks a rule from left to
/// right and each ClientIP costs about 80 ns, so a flat rule of 10,000 addresses makes every request of everybody ten
/// times as dear. Nested by prefix, a request of somebody who isn't listed is asked a few dozen times at 40,000.
/// One argument that Traefik can't read drops the whole router, so only typed addresses get here, in canonical text.
/// </summary>
internal static class DenyRule
{
    /// <summary>More than this in one router was not tried with a real Traefik: 40,000 was.</summary>
    public const int MaxRanges = 40_000;

    /// <summary>A group of at most this many is written out; a larger one is split by the next prefix length.</summary>
    private const int LeafSize = 8;

    /// <summary>
    /// Bits by which a group is split, counted from the prefix that it shares. Measured at 35,000 spread addresses, questions per
    /// request of somebody not listed: 3 bits 39 (1.27 MB), 2 bits 31 (1.36 MB), 1 bit 31 (1.44 MB).
    /// </summary>
    private const int SplitBits = 2;

    /// <summary>A guard in front of two addresses saves one question and costs half a term of text: not worth it.</summary>
    private const int MinGuarded = 3;

    /// <summary>
    /// The rule in lines that are to be joined by one space; each but the last ends in an operator or an open
    /// parenthesis. Empty: nothing is to be denied. Ranges: disjoint and ascending within each family.
    /// </summary>
    public static IReadOnlyList<string> Lines(IReadOnlyList<AddressRange> ranges, IReadOnlyList<AddressRange> carveOuts)
    {
        var carved = carveOuts.Order().ToArray();
        var denied = ranges.Where(range => !Array.Exists(carved, carve => carve.Contains(range))).Order().ToArray();
        var writer = new RuleWriter(carved);
        writer.Group([.. denied.Where(static r => r.IsIPv4)], 0);
        writer.Group([.. denied.Where(static r => !r.IsIPv4)], 0);
        return writer.Finish();
    }

    public static string Text(IReadOnlyList<AddressRange> ranges, IReadOnlyList<AddressRange> carveOuts) =>
        string.Join(' ', Lines(ranges, carveOuts));

    /// <summary>The longest prefix shared by all of an ascending group.</summary>
    private static AddressRange Common(AddressRange first, AddressRange last)
    {
        var high = first.Address.High ^ last.Address.High;
        var same = high != 0
            ? BitOperations.LeadingZeroCount(high)
            : 64 + BitOperations.LeadingZeroCount(first.Address.Low ^ last.Address.Low);
        var length = Math.Min(first.IsIPv4 ? same - 96 : same, Math.Min(first.PrefixLength, last.PrefixLength));
        return new(first.Address, length);
    }

    private sealed class RuleWriter(AddressRange[] carveOuts)
    {
        private readonly List<string> _lines = [];
        private readonly StringBuilder _line = new();
        private bool _any;

        public IReadOnlyList<string> Finish()
        {
            if (_line.Length > 0)
            {
                Break();
            }

            return _lines;
        }

        public void Group(ReadOnlySpan<AddressRange> group, int prefixLength)
        {
            if (group.Length <= LeafSize)
            {
                foreach (var range in group)
                {
                    Term(range);
                }

                return;
            }

            var next = prefixLength + SplitBits;
            while (!group.IsEmpty)
            {
                if (group[0].PrefixLength <= next)
                {
                    Term(group[0]);
                    group = group[1..];
                    continue;
                }

                var bucket = new AddressRange(group[0].Address, next);
                var count = 1;
                while (count < group.Length && bucket.Contains(group[count]))
                {
                    count++;
                }

                Bucket(group[..count]);
                group = group[count..];
            }
        }

        private void Bucket(ReadOnlySpan<AddressRange> members)
        {
            if (members.Length < MinGuarded)
            {
                foreach (var range in members)
                {
                    Term(range);
                }

                return;
            }

            var common = Common(members[0], members[^1]);
            Or();
            _line.Append("(ClientIP(`").Append(common).Append("`) && (");
            Break();
            _any = false;
            Group(members, common.PrefixLength);
            _line.Append("))");
        }

        private void Term(AddressRange range)
        {
            Or();
            var inside = Inside(range);
            _line.Append(inside.IsEmpty ? "" : "(").Append("ClientIP(`").Append(range).Append("`)");
            foreach (var carve in inside)
            {
                _line.Append(" && !ClientIP(`").Append(carve).Append("`)");
            }

            _line.Append(inside.IsEmpty ? "" : ")");
        }

        private void Or()
        {
            if (_any)
            {
                _line.Append(" ||");
                Break();
            }

            _any = true;
        }

        private void Break()
        {
            _lines.Add(_line.ToString());
            _line.Clear();
        }

        private ReadOnlySpan<AddressRange> Inside(AddressRange range)
        {
            if (range.IsSingle || carveOuts.Length == 0)
            {
                return [];
            }

            var start = Array.BinarySearch(carveOuts, range);
            start = start < 0 ? ~start : start;
            var end = start;
            while (end < carveOuts.Length && range.Contains(carveOuts[end]))
            {
                end++;
            }

            return carveOuts.AsSpan(start, end - start);
        }
    }
}
