namespace DevOpsAgent.Guards.Behaviour;

/// <summary>
/// The running counts of one window of one agent: O(1) per receipt and the same in whatever order receipts come, since
/// all sums are whole numbers.
/// </summary>
internal sealed class WindowCounts
{
    /// <summary>More different tools than this count as this many: the program has far fewer, a caller can invent names without end.</summary>
    public const int MaxTools = 64;

    private const double EntropyUnits = 1_000_000;

    private ulong[] _tools = new ulong[4];

    public long Calls { get; private set; }

    public long Denied { get; private set; }

    public int Tools { get; private set; }

    /// <summary>Sum over the calls, millionths of a bit per byte.</summary>
    public long Entropy { get; private set; }

    public ReadOnlySpan<ulong> ToolHashes => _tools.AsSpan(0, Tools);

    /// <param name="entropy">What isn't a number from 0 to 8 counts as the nearest one, NaN as 0.</param>
    public void Add(ulong tool, bool denied, double entropy)
    {
        Calls++;
        Denied += denied ? 1 : 0;
        Entropy += (long)Math.Round((double.IsNaN(entropy) ? 0 : Math.Clamp(entropy, 0, 8)) * EntropyUnits);
        AddTool(tool);
    }

    /// <summary>What another process counted of the same window.</summary>
    public void Add(WindowCounts other)
    {
        Restore(Calls + other.Calls, Denied + other.Denied, Entropy + other.Entropy);
        foreach (var tool in other.ToolHashes)
        {
            AddTool(tool);
        }
    }

    public void Restore(long calls, long denied, long entropy) => (Calls, Denied, Entropy) = (calls, denied, entropy);

    public void AddTool(ulong tool)
    {
        if (Tools >= MaxTools || ToolHashes.Contains(tool))
        {
            return;
        }

        if (Tools == _tools.Length)
        {
            Array.Resize(ref _tools, Math.Min(MaxTools, _tools.Length * 2));
        }

        _tools[Tools++] = tool;
    }

    public void Clear() => (Calls, Denied, Entropy, Tools) = (0, 0, 0, 0);

    /// <summary>The window's sample. False: the window has none of this metric.</summary>
    public bool TrySample(BehaviourMetric metric, out double sample)
    {
        sample = metric switch
        {
            BehaviourMetric.CallRate => Calls,
            BehaviourMetric.UniqueTools => Tools,
            _ when Calls == 0 => double.NaN,
            BehaviourMetric.DenyRate => (double)Denied / Calls,
            _ => Entropy / EntropyUnits / Calls,
        };
        return !double.IsNaN(sample);
    }
}
