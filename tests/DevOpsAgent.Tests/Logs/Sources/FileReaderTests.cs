using System.Collections.Concurrent;
using System.Text;
using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class FileReaderTests : IDisposable
{
    private readonly LogFolder _logs = new();

    public void Dispose() => _logs.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("one\ntwo\r\n")]
    [InlineData("one\nno line feed")]
    public void Gives_the_whole_file_plain_or_compressed(string text)
    {
        File.WriteAllText(_logs.Log, text);
        ReadAll(_logs.Log, out var problem).ShouldBe(text);
        problem.ShouldBeNull();
        File.WriteAllBytes(_logs.Log, LogFolder.Gzip(text));
        ReadAll(_logs.Log, out problem).ShouldBe(text);
        problem.ShouldBeNull();
    }

    [Fact]
    public void Several_threads_take_blocks_of_whole_lines_that_their_numbers_put_in_order()
    {
        var text = Lines(300_000);
        File.WriteAllText(_logs.Log, text);
        FileReader.TryOpen(_logs.Log, out var reader, out _, 256 * 1024).ShouldBeTrue();
        var blocks = new ConcurrentDictionary<long, (long Offset, string Text)>();
        Parallel.For(0, 4, _ =>
        {
            while (reader!.TryReadNext(out var block))
            {
                using (block)
                {
                    blocks.TryAdd(block.Number, (block.Offset, Encoding.Latin1.GetString(block.Bytes.Span))).ShouldBeTrue();
                }
            }
        });
        reader!.Dispose();
        var offset = 0L;
        var whole = new StringBuilder();
        for (var i = 0; i < blocks.Count; i++)
        {
            blocks[i].Offset.ShouldBe(offset);
            blocks[i].Text.ShouldEndWith("\n");
            whole.Append(blocks[i].Text);
            offset += blocks[i].Text.Length;
        }

        whole.ToString().ShouldBe(text);
        blocks.Count.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void Concatenated_archives_are_one_text()
    {
        File.WriteAllBytes(_logs.Log, [.. LogFolder.Gzip(Lines(1000)), .. LogFolder.Gzip("more\n"), .. LogFolder.Gzip("and more\n")]);
        ReadAll(_logs.Log, out var problem).ShouldBe(Lines(1000) + "more\nand more\n");
        problem.ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(2000)]
    public void A_cut_archive_gives_what_it_has_and_says_so(int missing)
    {
        var archive = LogFolder.Gzip(Lines(20_000));
        File.WriteAllBytes(_logs.Log, archive[..^missing]);
        var text = ReadAll(_logs.Log, out var problem);
        Lines(20_000).ShouldStartWith(text);
        text.Length.ShouldBeGreaterThan(100_000);
        problem!.ShouldContain("cut archive");
        File.WriteAllBytes(_logs.Log, [.. LogFolder.Gzip("before\n"), .. archive[..^missing]]);
        ReadAll(_logs.Log, out problem).ShouldStartWith("before\nline 0\n");
        problem!.ShouldContain("cut archive");
    }

    [Fact]
    public void A_damaged_archive_gives_what_stands_before_the_damage_and_says_so()
    {
        var archive = LogFolder.Gzip(Lines(20_000));
        archive.AsSpan(archive.Length / 2, 50).Fill(0xff);
        File.WriteAllBytes(_logs.Log, archive);
        ReadAll(_logs.Log, out var problem).ShouldStartWith(Lines(2));
        problem!.ShouldContain("damaged");
    }

    [Fact]
    public void Long_lines_are_left_out_wherever_they_stand()
    {
        var text = Lines(20_000);
        var longLine = new string('x', 3_000_000) + "\n";
        File.WriteAllText(_logs.Log, longLine + text + longLine + longLine + "mid\n" + new string('y', 65_537));
        FileReader.TryOpen(_logs.Log, out var reader, out _).ShouldBeTrue();
        var read = new StringBuilder();
        while (reader!.TryReadNext(out var block))
        {
            using (block)
            {
                read.Append(Encoding.Latin1.GetString(block.Bytes.Span));
            }
        }

        read.ToString().ShouldBe(text + "mid\n");
        reader.SkippedLongLines.ShouldBe(4);
        reader.SkippedBytes.ShouldBe((3 * longLine.Length) + 65_537);
        reader.BytesRead.ShouldBe(new FileInfo(_logs.Log).Length);
        reader.Dispose();
    }

    [Fact]
    public void What_cannot_be_opened_is_said()
    {
        FileReader.TryOpen(_logs.At("none"), out _, out var problem).ShouldBeFalse();
        problem!.ShouldContain("doesn't exist");
        FileReader.TryOpen(_logs.Folder, out _, out problem).ShouldBeFalse();
        problem!.ShouldContain("is a directory");
        FileReader.TryOpen("\0", out _, out problem).ShouldBeFalse();
        problem.ShouldNotBeNull();
    }

    [Fact]
    public void A_device_is_refused_before_it_is_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a device by a known name");
        FileReader.TryOpen("/dev/zero", out _, out var problem).ShouldBeFalse();
        problem!.ShouldContain("device");
    }

    private static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"line {i * 7919L % 1000003}\n"));

    private static string ReadAll(string path, out string? problem)
    {
        FileReader.TryOpen(path, out var reader, out problem).ShouldBeTrue();
        using (reader)
        {
            var text = new StringBuilder();
            while (reader!.TryReadNext(out var block))
            {
                using (block)
                {
                    text.Append(Encoding.Latin1.GetString(block.Bytes.Span));
                }
            }

            problem = reader.Problem;
            return text.ToString();
        }
    }
}
