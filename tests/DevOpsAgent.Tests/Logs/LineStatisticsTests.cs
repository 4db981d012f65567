using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

public sealed class LineStatisticsTests
{
    [Fact]
    public void Counts_by_format_and_reason_and_merges()
    {
        LineStatistics one = new(), two = new();
        one.AddParsed(LogFormat.Json, 10);
        one.AddParsed(LogFormat.Clf, 20);
        one.AddUnparsed(UnparsedReason.BadClf, 30);
        two.AddParsed(LogFormat.Json, 40);
        two.AddUnparsed(UnparsedReason.None, 50);
        one.Merge(two);

        one.Lines.ShouldBe(5);
        one.Bytes.ShouldBe(150);
        one.Parsed.ShouldBe(3);
        one.Parts.ShouldBe(1);
        one.Unparsed.ShouldBe(1);
        one.ParsedAs(LogFormat.Json).ShouldBe(2);
        one.ParsedAs(LogFormat.GenericClf).ShouldBe(0);
        one.UnparsedFor(UnparsedReason.BadClf).ShouldBe(1);
        one.UnparsedFor(UnparsedReason.None).ShouldBe(0);

        one.Clear();
        one.Lines.ShouldBe(0);
        one.Unparsed.ShouldBe(0);
    }

    [Fact]
    public void Every_reason_is_labelled_by_its_name()
    {
        foreach (var reason in Enum.GetValues<UnparsedReason>())
        {
            var kebab = string.Concat(reason.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? "-" + c : c.ToString()));
            LineStatistics.Label(reason).ShouldBe(kebab.ToLowerInvariant());
        }
    }
}
