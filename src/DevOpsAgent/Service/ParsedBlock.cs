using DevOpsAgent.Detection;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Service;

/// <summary>
/// A block of lines after stage one: the facts of each event, and where its line stands in the block. Filled on any
/// thread, observed on one, in the order of the log. Its arrays are used again for the next block.
/// </summary>
internal sealed class ParsedBlock
{
    private EventFacts[] _facts = new EventFacts[256];
    private Record[] _records = new Record[256];

    public int Count { get; private set; }

    public LineStatistics Statistics { get; } = new();

    public ref EventFacts Facts(int index) => ref _facts[index];

    public ref readonly Record At(int index) => ref _records[index];

    /// <summary>
    /// Parses and classifies every line. A record that a container runtime split over several lines is one entry that spans them.
    /// </summary>
    /// <param name="trustClf">True: CLF lines aren't marked as forgeable.</param>
    public void Fill(ReadOnlySpan<byte> lines, LineParser parser, Classifier classifier, ClassifierScratch scratch, bool trustClf, Topology? topology)
    {
        Count = 0;
        Statistics.Clear();
        parser.Reset();
        var start = 0;
        var recordStart = -1;
        while (start < lines.Length)
        {
            var length = lines[start..].IndexOf((byte)'\n');
            var end = length < 0 ? lines.Length : start + length;
            var line = lines[start..end];
            recordStart = recordStart < 0 ? start : recordStart;
            if (parser.TryParse(line, out var e, out var reason))
            {
                Statistics.AddParsed(e.Format, line.Length);
                topology?.Observe(e);
                if (trustClf)
                {
                    e.Flags &= ~LogEventFlags.Forgeable;
                }

                Add(classifier.Classify(e, scratch), new(recordStart, end - recordStart, e.RequestCount, e.DurationNs, e.Format));
                recordStart = -1;
            }
            else
            {
                Statistics.AddUnparsed(reason, line.Length);
                recordStart = reason == UnparsedReason.None ? recordStart : -1;
            }

            start = end + 1;
        }
    }

    private void Add(in EventFacts facts, in Record record)
    {
        if (Count == _facts.Length)
        {
            Array.Resize(ref _facts, Count * 2);
            Array.Resize(ref _records, Count * 2);
        }

        _facts[Count] = facts;
        _records[Count++] = record;
    }

    /// <summary>Where a record stands, and what tells a forged CLF line.</summary>
    internal readonly record struct Record(int Start, int Length, long RequestCount, long DurationNs, LogFormat Format);
}
