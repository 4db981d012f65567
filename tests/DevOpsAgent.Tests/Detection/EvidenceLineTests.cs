using DevOpsAgent.Detection;
using DevOpsAgent.Logs;
using Shouldly;

namespace DevOpsAgent.Tests.Detection;

public sealed class EvidenceLineTests
{
    [Fact]
    public void A_line_is_read_and_copied_once_for_all_threats()
    {
        var reads = 0;
        var line = new EvidenceLine("a line"u8, Read, new());
        line.TryRead(out var e).ShouldBeTrue();
        line.TryRead(out var again).ShouldBeTrue();
        e.Status.ShouldBe(404);
        again.Status.ShouldBe(404);
        reads.ShouldBe(1);
        line.Sample.ShouldBe("a line"u8.ToArray());
        line.Sample.ShouldBeSameAs(line.Sample);

        bool Read(ReadOnlySpan<byte> text, out LogEvent read)
        {
            reads++;
            read = new() { Status = 404 };
            return true;
        }
    }

    [Fact]
    public void A_line_that_cannot_be_read_is_not_tried_twice()
    {
        var reads = 0;
        var line = new EvidenceLine("junk"u8, Read, new());
        line.TryRead(out _).ShouldBeFalse();
        line.TryRead(out _).ShouldBeFalse();
        reads.ShouldBe(1);

        bool Read(ReadOnlySpan<byte> text, out LogEvent read)
        {
            reads++;
            read = default;
            return false;
        }
    }

    [Fact]
    public void Samples_are_cut_and_shown_with_invalid_bytes_replaced()
    {
        var line = new EvidenceLine(new byte[5000].AsSpan(), static (ReadOnlySpan<byte> _, out LogEvent e) => { e = default; return false; }, new());
        line.Sample.Length.ShouldBe(2048);
        var samples = new SampleLines([[(byte)'a', 0xFF, (byte)'b'], "plain"u8.ToArray()]);
        samples.Count.ShouldBe(2);
        samples[0].ShouldBe("a\uFFFDb");
        samples.ShouldBe(["a\uFFFDb", "plain"]);
    }
}
