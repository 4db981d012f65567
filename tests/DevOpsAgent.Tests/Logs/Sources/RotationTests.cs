using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class RotationTests : IDisposable
{
    private readonly LogFolder _logs = new();

    public void Dispose() => _logs.Dispose();

    [Theory]
    [InlineData("access.log.1")]
    [InlineData("access.log-20261121")]
    [InlineData("access-20261121.log")]
    [InlineData("backup of today")]
    public void Renamed_the_old_file_is_read_to_its_end_first(string rotated)
    {
        _logs.Append("one\n");
        _logs.Drain().ShouldBe("one\n");
        _logs.Rename("access.log", rotated);
        _logs.AppendTo(rotated, "two\n");
        _logs.Drain().ShouldBe("two\n");
        _logs.Append("");
        _logs.AppendTo(rotated, "three\n");
        _logs.Drain().ShouldBe("three\n");
        _logs.AppendTo(rotated, "four\nno line feed");
        _logs.Append("five\n");
        _logs.Next().ShouldBe("four\n");
        _logs.Next().ShouldBe("no line feed");
        _logs.Next().ShouldBe("five\n");
        _logs.Status.Rotations.ShouldBe(1);
    }

    [Theory]
    [InlineData("access.log.1", false)]
    [InlineData("access.log.1", true)]
    [InlineData("access.log-20261121", false)]
    [InlineData("access.log-20261121", true)]
    [InlineData("backup of today", false)]
    public void Renamed_while_the_reader_was_down(string rotated, bool compressed)
    {
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Restart();
        _logs.Append("two\nno line feed");
        _logs.Rename("access.log", rotated);
        if (compressed)
        {
            _logs.Compress(rotated);
        }

        _logs.Append("three\n");
        _logs.Next().ShouldBe("two\n");
        _logs.Restart();
        _logs.Next().ShouldBe("no line feed");
        _logs.Restart();
        _logs.Next().ShouldBe("three\n");
        _logs.Drain().ShouldBe("");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_record_split_over_two_files_comes_as_one_block(bool restart)
    {
        const string Time = "2026-11-21T07:40:01.123456789Z";
        _logs.Append($"{Time} stdout F whole\n{Time} stdout P one \n{Time} stdout P two \n");
        _logs.Drain().ShouldBe($"{Time} stdout F whole\n");
        _logs.Rename("access.log", "access.log.20261121-074002");
        _logs.Append($"{Time} stdout P three \n");
        _logs.Drain().ShouldBe("");
        if (restart)
        {
            // Nothing of the record was handed out: it is read again from its beginning.
            _logs.Restart();
            _logs.Drain().ShouldBe("");
        }

        _logs.Rename("access.log", "access.log.20261121-074003");
        _logs.Append($"{Time} stdout F four\n{Time} stdout F next\n");
        _logs.Next().ShouldBe($"{Time} stdout P one \n{Time} stdout P two \n{Time} stdout P three \n{Time} stdout F four\n{Time} stdout F next\n");
        _logs.Restart();
        _logs.Append($"{Time} stdout F last\n");
        _logs.Drain().ShouldBe($"{Time} stdout F last\n");
    }

    [Theory]
    [InlineData("access.log.1", false)]
    [InlineData("access.log.1", true)]
    public void Rotated_before_its_first_byte_was_read_it_is_read_where_the_reader_has_seen_it(string rotated, bool compressed)
    {
        _logs.AppendTo("access.log.2", "long ago\n");
        _logs.Append("");
        _logs.Drain().ShouldBe("");
        _logs.Restart();
        _logs.Append("one\n");
        _logs.Rename("access.log", rotated);
        if (compressed)
        {
            _logs.Compress(rotated);
        }

        _logs.Append("two\n");
        _logs.Drain().ShouldBe("one\ntwo\n");
    }

    [Fact]
    public void What_comes_while_the_reader_is_down_is_read_although_it_began_at_the_end_and_read_nothing()
    {
        _logs.Config = _logs.Config with { FromStart = false };
        _logs.Append("old\n");
        _logs.Drain().ShouldBe("");
        _logs.Restart();
        _logs.Append("new\n");
        _logs.Drain().ShouldBe("new\n");
    }

    [Fact]
    public void Another_log_that_got_the_inode_of_an_empty_one_is_not_read_for_it()
    {
        _logs.Append("");
        _logs.Drain().ShouldBe("");
        _logs.Restart();
        _logs.Rename("access.log", "error.log");
        _logs.AppendTo("error.log", "other\n");
        _logs.Append("one\n");
        _logs.Drain().ShouldBe("one\n");
    }

    [Fact]
    public void Several_rotations_while_the_reader_was_down()
    {
        _logs.AppendTo("access.log.5", "long ago\n");
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Restart();
        _logs.Append("two\n");
        _logs.Rename("access.log", "access.log.4");
        _logs.Compress("access.log.4");
        _logs.AppendTo("access.log.3", "three\n");
        _logs.Compress("access.log.3");
        _logs.AppendTo("access.log.2", "");
        _logs.AppendTo("access.log.1", "four\n");
        _logs.Append("five\n");
        _logs.Drain().ShouldBe("two\nthree\nfour\nfive\n");
    }

    [Fact]
    public void Rotated_twice_between_two_looks()
    {
        _logs.AppendTo("access.log.2", "long ago\n");
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Append("two\n");
        _logs.Rename("access.log", "access.log.2");
        _logs.AppendTo("access.log.1", "three\n");
        _logs.Append("four\n");
        _logs.Drain().ShouldBe("two\nthree\nfour\n");
    }

    [Fact]
    public void Compressed_at_once_the_open_file_is_still_read()
    {
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Append("two\n");
        _logs.Rename("access.log", "access.log.1");
        _logs.Compress("access.log.1");
        _logs.Append("three\n");
        _logs.Drain().ShouldBe("two\nthree\n");
        _logs.Restart();
        _logs.Append("four\n");
        _logs.Drain().ShouldBe("four\n");
    }

    [Fact]
    public void Truncated_after_a_copy_was_made_the_rest_is_read_from_the_copy()
    {
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Append("two\nhal");
        _logs.Drain();
        _logs.Append("f\nthree\n");
        _logs.CopyTruncate("access.log.1");
        _logs.Append("four\n");
        _logs.Drain().ShouldBe("half\nthree\nfour\n");
        _logs.Status.Rotations.ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Truncated_after_a_copy_while_the_reader_was_down(bool compressed)
    {
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Restart();
        _logs.Append("two\n");
        _logs.CopyTruncate("access.log.1");
        if (compressed)
        {
            _logs.Compress("access.log.1");
        }

        _logs.Append("three, longer than what was there before\n");
        _logs.Drain().ShouldBe("two\nthree, longer than what was there before\n");
    }

    [Fact]
    public void Truncated_without_a_copy_it_starts_anew()
    {
        _logs.AppendTo("access.log.1", "long ago\n");
        _logs.Append("one\ntwo\n");
        _logs.Drain();
        _logs.Truncate();
        _logs.Drain().ShouldBe("");
        _logs.Append("a\n");
        _logs.Drain().ShouldBe("a\n");
        _logs.Status.Rotations.ShouldBe(1);
    }

    [Theory]
    [InlineData("uno\n")]
    [InlineData("uno y dos y tres y mucho mas\n")]
    public void Truncated_and_grown_again_only_the_head_tells(string again)
    {
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Truncate();
        _logs.Append(again);
        File.SetLastWriteTimeUtc(_logs.Log, File.GetLastWriteTimeUtc(_logs.Log).AddSeconds(1));
        _logs.Drain().ShouldBe(again);
        _logs.Restart();
        _logs.Truncate();
        _logs.Append("another long beginning of a file\n");
        _logs.Drain().ShouldBe("another long beginning of a file\n");
    }

    [Fact]
    public void Cut_at_its_end_only_new_lines_count()
    {
        _logs.Append(string.Concat(Enumerable.Range(0, 200).Select(i => $"line number {i:000}\n")));
        _logs.Drain();
        using (var stream = new FileStream(_logs.Log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(1600);
        }

        _logs.Drain().ShouldBe("");
        _logs.Append("new\n");
        _logs.Drain().ShouldBe("new\n");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Deleted_and_created_again(bool down)
    {
        _logs.Append("one\n");
        _logs.Drain();
        if (down)
        {
            _logs.Restart();
        }

        File.Delete(_logs.Log);
        _logs.Drain().ShouldBe("");
        _logs.Status.State.ShouldBe(SourceState.Waiting);
        _logs.Append("two, on the same inode perhaps\n");
        _logs.Drain().ShouldBe("two, on the same inode perhaps\n");
        _logs.Status.State.ShouldBe(SourceState.Following);
    }

    [Fact]
    public void A_file_that_went_while_the_reader_was_down_leaves_those_written_since()
    {
        _logs.AppendTo("access.log.2", "long ago\n");
        File.SetLastWriteTimeUtc(_logs.At("access.log.2"), DateTime.UtcNow.AddDays(-1));
        _logs.Append("one\n");
        _logs.Drain();
        _logs.Restart();
        File.Delete(_logs.Log);
        _logs.AppendTo("access.log.1", "two\n");
        File.SetLastWriteTimeUtc(_logs.At("access.log.1"), DateTime.UtcNow.AddSeconds(1));
        _logs.Append("three\n");
        _logs.Drain().ShouldBe("two\nthree\n");
        _logs.Status.LastError!.ShouldContain("is gone");
    }

    [Fact]
    public void On_the_first_start_rotated_files_come_first_if_asked()
    {
        _logs.Config = _logs.Config with { ReadRotated = true };
        _logs.AppendTo("access.log.10", "one\n");
        _logs.Compress("access.log.10");
        _logs.AppendTo("access.log.9", "two\n");
        _logs.AppendTo("access.log.1", "three, no line feed");
        _logs.AppendTo("other.log.1", "not ours\n");
        _logs.AppendTo("access.log.bak", "not ours\n");
        _logs.Append("four\n");
        _logs.Next().ShouldBe("one\n");
        _logs.Restart();
        _logs.Next().ShouldBe("two\n");
        _logs.Next().ShouldBe("three, no line feed");
        _logs.Next().ShouldBe("four\n");
        _logs.Restart();
        _logs.Drain().ShouldBe("");
    }

    [Fact]
    public void A_damaged_archive_gives_what_it_has_and_is_reported()
    {
        _logs.Config = _logs.Config with { ReadRotated = true };
        var archive = LogFolder.Gzip(string.Concat(Enumerable.Range(0, 5000).Select(i => $"line {i} {i * 7919 % 10007}\n")));
        File.WriteAllBytes(_logs.At("access.log.1.gz"), archive[..(archive.Length / 2)]);
        _logs.Append("now\n");
        var text = _logs.Drain();
        text.ShouldStartWith("line 0 0\nline 1 7919\n");
        text.ShouldEndWith("now\n");
        text.Length.ShouldBeGreaterThan(1000);
        _logs.Status.LastError!.ShouldContain("access.log.1.gz is a damaged or cut archive");
    }
}
