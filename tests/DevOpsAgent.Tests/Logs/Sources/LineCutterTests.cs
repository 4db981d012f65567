using System.Text;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class LineCutterTests
{
    private readonly LineCutter _cutter = new();

    [Theory]
    [InlineData("", 0)]
    [InlineData("half", 0)]
    [InlineData("one\n", 4)]
    [InlineData("one\ntwo\nhalf", 8)]
    [InlineData("\n\n", 2)]
    public void Takes_whole_lines(string text, int length)
    {
        _cutter.Cut(Encoding.ASCII.GetBytes(text), last: false).ShouldBe((0, length));
        _cutter.Cut(Encoding.ASCII.GetBytes(text), last: true).ShouldBe((0, text.Length));
    }

    [Theory]
    [InlineData(LineBoundary.MaxLine, 0)]
    [InlineData(LineBoundary.MaxLine + 1, 1)]
    public void The_longest_line_has_64_KiB_without_its_line_feed(int length, int skipped)
    {
        var bytes = Encoding.ASCII.GetBytes("a\n" + new string('x', length) + "\nb\n");
        var kept = new StringBuilder();
        for (var start = 0; start < bytes.Length;)
        {
            var (drop, taken) = _cutter.Cut(bytes.AsSpan(start), last: false);
            kept.Append(Encoding.ASCII.GetString(bytes, start + drop, taken));
            start += drop + taken;
        }

        kept.Length.ShouldBe(skipped == 0 ? bytes.Length : 4);
        _cutter.SkippedLines.ShouldBe(skipped);
        _cutter.SkippedBytes.ShouldBe(skipped * (length + 1));
    }

    [Fact]
    public void A_long_line_is_dropped_as_it_comes()
    {
        var part = new byte[LineBoundary.MaxLine + 1];
        _cutter.Cut(part, last: false).ShouldBe((part.Length, 0));
        _cutter.InLongLine.ShouldBeTrue();
        _cutter.Cut(part, last: false).ShouldBe((part.Length, 0));
        _cutter.Cut("end\nnext\nhalf"u8, last: false).ShouldBe((4, 5));
        _cutter.InLongLine.ShouldBeFalse();
        _cutter.SkippedLines.ShouldBe(1);
    }

    [Fact]
    public void So_many_pending_bytes_always_move()
    {
        // parts of one split record up to its limit, then a line without end
        var part = "2026-11-21T07:40:01.123456789Z stdout P x\n"u8;
        var bytes = new byte[LineCutter.MaxPending];
        bytes.AsSpan().Fill((byte)'x');
        for (var i = 0; i + part.Length <= LineBoundary.MaxLine; i += part.Length)
        {
            part.CopyTo(bytes.AsSpan(i));
        }

        var (drop, length) = _cutter.Cut(bytes, last: false);
        (drop + length).ShouldBeGreaterThan(0);
    }
}
