namespace DevOpsAgent.Detection;

/// <summary>A filter over the facts of one request: every given field must match. The empty filter matches all.</summary>
internal sealed record RequestFilter
{
    public ulong PathAny { get; init; }
    public ulong PathNone { get; init; }
    public ulong AgentAny { get; init; }
    public ulong AgentNone { get; init; }

    /// <summary>Null: any status.</summary>
    public StatusSet? Status { get; init; }

    /// <summary>One bit per MethodCode; 0: any.</summary>
    public uint Methods { get; init; }

    public FactFlags ShapeAny { get; init; }
    public FactFlags ShapeNone { get; init; }

    /// <summary>Hashes by Classifier.HostHashOf; empty: any.</summary>
    public IReadOnlySet<uint> Hosts { get; init; } = EmptyHosts;

    public int MaxDepth { get; init; } = byte.MaxValue;

    /// <summary>The filter in the words of the rule.</summary>
    public string Description { get; init; } = "";

    private static readonly IReadOnlySet<uint> EmptyHosts = new HashSet<uint>();

    public bool Matches(in EventFacts facts) =>
        (PathAny == 0 || (facts.Tags & PathAny) != 0)
        && (facts.Tags & PathNone) == 0
        && (AgentAny == 0 || (facts.AgentTags & AgentAny) != 0)
        && (facts.AgentTags & AgentNone) == 0
        && (ShapeAny == FactFlags.None || (facts.Flags & ShapeAny) != FactFlags.None)
        && (facts.Flags & ShapeNone) == FactFlags.None
        && (Methods == 0 || (Methods >> (int)facts.Method & 1) != 0)
        && facts.Depth <= MaxDepth
        && (Status is null || Status.Contains(facts.Status))
        && (Hosts.Count == 0 || Hosts.Contains(facts.HostHash));
}

/// <summary>A set of HTTP statuses, 0 to 999.</summary>
internal sealed class StatusSet
{
    /// <summary>The server would not or could not give what was asked. 501: Traefik and others for unknown methods.</summary>
    private static readonly int[] Refusals = [400, 401, 402, 403, 404, 405, 406, 410, 421, 429, 444, 451, 501];

    private readonly ulong[] _bits = new ulong[16];

    public static StatusSet Refused { get; } = Of("refused")!;

    public bool Contains(int status) => (uint)status < 1000 && (_bits[status >> 6] >> (status & 63) & 1) != 0;

    /// <summary>Adds "404", "4xx", "refused" or "ok" (2xx and 3xx). False: none of these.</summary>
    public bool TryAdd(string word)
    {
        switch (word)
        {
            case "ok":
                AddRange(200, 399);
                return true;
            case "refused":
                foreach (var status in Refusals)
                {
                    AddRange(status, status);
                }

                return true;
            case [>= '1' and <= '5', 'x', 'x']:
                AddRange((word[0] - '0') * 100, (word[0] - '0') * 100 + 99);
                return true;
            default:
                if (word.Length is 0 or > 3 || !word.All(char.IsAsciiDigit))
                {
                    return false;
                }

                var number = int.Parse(word, System.Globalization.CultureInfo.InvariantCulture);
                AddRange(number, number);
                return true;
        }
    }

    private static StatusSet? Of(string word)
    {
        var set = new StatusSet();
        return set.TryAdd(word) ? set : null;
    }

    private void AddRange(int first, int last)
    {
        for (var status = first; status <= last; status++)
        {
            _bits[status >> 6] |= 1UL << (status & 63);
        }
    }
}
