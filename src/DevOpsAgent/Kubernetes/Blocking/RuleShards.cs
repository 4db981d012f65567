using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Cuts a list into objects that fit into etcd (1.5 MiB a request). The cut goes by address, not by position: one more address
/// changes one object and no other.
/// </summary>
internal static class RuleShards
{
    /// <summary>Per object, as etcd will hold it; 1.54 MB was taken by a real server, 1.57 MB (62,000 flat addresses) was refused.</summary>
    public const int MaxBytes = 1_000_000;

    /// <summary>Each with at least one rule; names and rules depend on the list alone.</summary>
    /// <param name="forwarded">Null: only the peer is matched. Else makes the rule for what a balancer says.</param>
    public static IReadOnlyList<RuleShard> Of(DenyList list, Func<IReadOnlyList<AddressRange>, IReadOnlyList<AddressRange>, string>? forwarded, int maxBytes = MaxBytes)
    {
        var shards = new List<RuleShard>();
        var ranges = list.Ranges.Order().ToArray();
        if (!TryAdd("", ranges))
        {
            Split("-4", Array.FindAll(ranges, static r => r.IsIPv4), 0);
            Split("-6", Array.FindAll(ranges, static r => !r.IsIPv4), 0);
        }

        return shards;

        void Split(string suffix, AddressRange[] group, int bits)
        {
            if (TryAdd(suffix, group))
            {
                return;
            }

            // A range as large as the half itself stands in the first one: it can't be cut.
            var middle = Array.FindIndex(group, r => r.PrefixLength > bits && Bit(r, bits));
            middle = middle < 0 ? group.Length : middle;
            Split(suffix + (bits == 0 ? "-0" : "0"), group[..middle], bits + 1);
            Split(suffix + (bits == 0 ? "-1" : "1"), group[middle..], bits + 1);
        }

        bool TryAdd(string suffix, AddressRange[] group)
        {
            if (group.Length > DenyRule.MaxRanges)
            {
                return false;
            }

            var rules = Rules(group, list.CarveOuts, forwarded);
            if (group.Length > 1 && rules.Sum(static r => Stored(r)) > maxBytes)
            {
                return false;
            }

            if (rules.Count > 0)
            {
                shards.Add(new(suffix, rules));
            }

            return true;
        }
    }

    private static List<string> Rules(AddressRange[] ranges, IReadOnlyList<AddressRange> carveOuts, Func<IReadOnlyList<AddressRange>, IReadOnlyList<AddressRange>, string>? forwarded)
    {
        var rules = new List<string> { DenyRule.Text(ranges, carveOuts) };
        if (forwarded is not null)
        {
            rules.AddRange(ranges.Where(ForwardedRule.Covers).Chunk(ForwardedRule.MaxRanges).Select(chunk => forwarded(chunk, carveOuts)));
        }

        rules.RemoveAll(static r => r.Length == 0);
        return rules;
    }

    private static bool Bit(AddressRange range, int bit)
    {
        var position = (range.IsIPv4 ? 96 : 0) + bit;
        return ((position < 64 ? range.Address.High >> (63 - position) : range.Address.Low >> (127 - position)) & 1) == 1;
    }

    /// <summary>The server stores JSON as Go writes it: an ampersand takes six bytes, a backslash two.</summary>
    private static int Stored(string rule)
    {
        var bytes = rule.Length;
        foreach (var c in rule.AsSpan())
        {
            bytes += c switch { '&' => 5, '\\' => 1, _ => 0 };
        }

        return bytes;
    }
}

/// <param name="Suffix">What the object's name gets: "" where one object holds all.</param>
/// <param name="Rules">Traefik rules, each to be a route of its own.</param>
internal sealed record RuleShard(string Suffix, IReadOnlyList<string> Rules);
