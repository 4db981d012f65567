using DevOpsAgent.Detection;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Service;

/// <summary>What was counted up to one moment, for readers on other threads.</summary>
internal sealed record LineCounters
{
    public long Lines { get; init; }
    public IReadOnlyDictionary<LogFormat, long> Parsed { get; init; } = new Dictionary<LogFormat, long>();
    public IReadOnlyDictionary<UnparsedReason, long> Unparsed { get; init; } = new Dictionary<UnparsedReason, long>();
    public int Clients { get; init; }
    public long Evicted { get; init; }

    public static LineCounters Of(LineStatistics statistics, Detector detector) => new()
    {
        Lines = statistics.Lines,
        Parsed = Enum.GetValues<LogFormat>().Where(f => statistics.ParsedAs(f) > 0).ToDictionary(static f => f, statistics.ParsedAs),
        Unparsed = Enum.GetValues<UnparsedReason>().Where(r => statistics.UnparsedFor(r) > 0).ToDictionary(static r => r, statistics.UnparsedFor),
        Clients = detector.Clients,
        Evicted = detector.Evicted,
    };
}
