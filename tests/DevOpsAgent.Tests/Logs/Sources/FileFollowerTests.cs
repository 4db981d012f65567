using System.Runtime.InteropServices;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class FileFollowerTests : IDisposable
{
    private readonly LogFolder _logs = new();

    public void Dispose() => _logs.Dispose();

    [Fact]
    public void Gives_what_is_there_and_then_what_is_appended()
    {
        _logs.Append("one\ntwo\n");
        _logs.Drain().ShouldBe("one\ntwo\n");
        _logs.Drain().ShouldBe("");
        _logs.Append("three\r\n");
        _logs.Drain().ShouldBe("three\r\n");
        _logs.Status.State.ShouldBe(SourceState.Following);
        _logs.Status.BytesRead.ShouldBe(15);
        _logs.Status.LagBytes.ShouldBe(0);
        _logs.Status.LastReadAt.ShouldBe(_logs.Time.GetUtcNow());
    }

    [Fact]
    public void A_line_that_comes_byte_by_byte_waits_for_its_line_feed()
    {
        foreach (var letter in "GET /.env\r")
        {
            _logs.Append(letter.ToString());
            _logs.Drain().ShouldBe("");
        }

        _logs.Status.LagBytes.ShouldBe(10);
        _logs.Append("\nGET");
        _logs.Drain().ShouldBe("GET /.env\r\n");
    }

    [Fact]
    public void Goes_on_from_its_checkpoint()
    {
        _logs.Append("one\ntwo\nhalf");
        _logs.Drain().ShouldBe("one\ntwo\n");
        _logs.Restart();
        _logs.Append(" a line\nthree\n");
        _logs.Drain().ShouldBe("half a line\nthree\n");
        _logs.Restart();
        _logs.Drain().ShouldBe("");
    }

    [Fact]
    public void A_checkpoint_holds_on_a_disk_with_another_device_number()
    {
        _logs.Append("one\ntwo\n");
        _logs.Drain();
        _logs.Restart();
        _logs.Checkpoint = _logs.Checkpoint! with { FileId = "99:1" };
        _logs.Append("three\n");
        _logs.Drain().ShouldBe("three\n");
    }

    [Fact]
    public void The_checkpoint_has_the_hash_of_the_first_kilobyte()
    {
        _logs.Append(new string('a', 600) + "\n");
        _logs.Drain();
        _logs.Checkpoint!.HeadHash.ShouldBe(HeadHash.Of(File.ReadAllBytes(_logs.Log)));
        _logs.Append(new string('b', 600) + "\n");
        _logs.Drain();
        _logs.Checkpoint.HeadHash.ShouldBe(HeadHash.Of(File.ReadAllBytes(_logs.Log).AsSpan(0, 1024)));
    }

    [Theory]
    [InlineData("old\nhalf", "half done\nnew\n")]
    [InlineData("old\n", " done\nnew\n")]
    public void Without_checkpoint_it_can_begin_at_the_last_line_start(string before, string expected)
    {
        _logs.Config = _logs.Config with { FromStart = false };
        _logs.Append(before);
        _logs.Drain().ShouldBe("");
        _logs.Append(" done\nnew\n");
        _logs.Drain().ShouldBe(expected);
    }

    [Fact]
    public void A_file_that_appears_later_is_read_from_its_start_even_if_others_begin_at_the_end()
    {
        _logs.Config = _logs.Config with { FromStart = false };
        _logs.Drain().ShouldBe("");
        _logs.Append("one\n");
        _logs.Drain().ShouldBe("one\n");
    }

    [Fact]
    public void A_missing_file_is_waited_for()
    {
        _logs.Drain().ShouldBe("");
        _logs.Status.State.ShouldBe(SourceState.Waiting);
        _logs.Status.Advice!.ShouldContain("doesn't exist");
        _logs.Append("one\n");
        _logs.Drain().ShouldBe("one\n");
        _logs.Status.State.ShouldBe(SourceState.Following);
        _logs.Status.Advice.ShouldBeNull();
    }

    [Fact]
    public void A_device_is_refused_without_being_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a device by a known name");
        File.CreateSymbolicLink(_logs.Log, "/dev/zero");
        _logs.Drain().ShouldBe("");
        _logs.Status.State.ShouldBe(SourceState.Error);
        _logs.Status.Advice!.ShouldContain("standard input");
    }

    [Fact]
    public void A_directory_and_a_loop_of_links_are_errors_that_can_be_mended()
    {
        Directory.CreateDirectory(_logs.Log);
        _logs.Drain().ShouldBe("");
        _logs.Status.State.ShouldBe(SourceState.Error);
        _logs.Status.Advice!.ShouldContain("is a directory");
        Directory.Delete(_logs.Log);
        File.CreateSymbolicLink(_logs.Log, _logs.Log);
        _logs.Drain().ShouldBe("");
        _logs.Status.Advice!.ShouldContain("can't be read");
        File.Delete(_logs.Log);
        _logs.Append("one\n");
        _logs.Drain().ShouldBe("one\n");
        _logs.Status.State.ShouldBe(SourceState.Following);
        _logs.Status.LastError!.ShouldContain("can't be read");
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void An_unreadable_file_is_tried_again_after_a_second()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "file modes");
        _logs.Append("one\n");
        File.SetUnixFileMode(_logs.Log, UnixFileMode.None);
        File.SetUnixFileMode(_logs.Folder, (UnixFileMode)0b111_111_111);
        AsNobody(() => _logs.Next()).ShouldBeNull();
        _logs.Status.State.ShouldBe(SourceState.Error);
        _logs.Status.Advice!.ShouldContain("permission denied");
        _logs.Status.Advice!.ShouldContain("chmod");

        File.SetUnixFileMode(_logs.Log, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        AsNobody(() => _logs.Next()).ShouldBeNull();
        _logs.Time.Advance(FileFollower.RetryAfter);
        AsNobody(() => _logs.Next()).ShouldBe("one\n");
        _logs.Status.State.ShouldBe(SourceState.Following);
    }

    [Fact]
    public void A_swapped_link_is_followed_and_the_old_file_read_to_its_end()
    {
        _logs.AppendTo("0.log", "one\n");
        File.CreateSymbolicLink(_logs.Log, _logs.At("0.log"));
        _logs.Drain().ShouldBe("one\n");
        _logs.AppendTo("0.log", "two\n");
        _logs.AppendTo("1.log", "three\n");
        File.CreateSymbolicLink(_logs.At("new"), _logs.At("1.log"));
        _logs.Rename("new", "access.log");
        _logs.Drain().ShouldBe("two\nthree\n");
    }

    [Fact]
    public void A_link_swapped_meanwhile_loses_nothing_of_the_file_it_led_to()
    {
        _logs.AppendTo("0.log", "one\n");
        File.CreateSymbolicLink(_logs.Log, _logs.At("0.log"));
        _logs.Drain().ShouldBe("one\n");
        _logs.Restart();
        _logs.AppendTo("0.log", "two\n");
        _logs.AppendTo("1.log", "three\n");
        File.Delete(_logs.Log);
        File.CreateSymbolicLink(_logs.Log, _logs.At("1.log"));
        _logs.Drain().ShouldBe("two\nthree\n");
    }

    [Fact]
    public void A_long_line_is_skipped_without_being_kept()
    {
        using (var stream = File.Create(_logs.Log))
        {
            stream.Write("before\n"u8);
            var part = new byte[1 << 20];
            part.AsSpan().Fill((byte)'x');
            for (var i = 0; i < 64; i++)
            {
                stream.Write(part);
            }

            stream.Write("\nafter\n"u8);
        }

        _logs.Next().ShouldBe("before\n");
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var text = "";
        for (var look = 0; look < 100 && text.Length == 0; look++)
        {
            text += _logs.Next();
        }

        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBeLessThan(4 << 20);
        text.ShouldBe("after\n");
        _logs.Status.SkippedLongLines.ShouldBe(1);
        _logs.Status.SkippedBytes.ShouldBe((64 << 20) + 1);
        _logs.Checkpoint!.Offset.ShouldBe(new FileInfo(_logs.Log).Length);
    }

    [Fact]
    public void A_checkpoint_made_before_a_long_line_that_is_still_written_is_a_line_start()
    {
        _logs.Append("before\n" + new string('x', 100_000));
        _logs.Drain().ShouldBe("before\n");
        _logs.Checkpoint!.Offset.ShouldBe(7);
        _logs.Restart();
        _logs.Append("x\nafter\n");
        _logs.Drain().ShouldBe("after\n");
        _logs.Status.SkippedLongLines.ShouldBe(1);
    }

    [Fact]
    public void A_record_that_the_container_runtime_split_is_never_torn()
    {
        const string First = "2026-11-21T07:40:01.123456789Z stdout P {\"ClientHost\":\n";
        const string Last = "2026-11-21T07:40:01.123456789Z stdout F \"192.0.2.1\"}\n";
        _logs.Append(Last + First);
        _logs.Drain().ShouldBe(Last);
        _logs.Append(First);
        _logs.Drain().ShouldBe("");
        _logs.Restart();
        _logs.Append(Last);
        _logs.Drain().ShouldBe(First + First + Last);
    }

    [Fact]
    public void Truncated_in_the_middle_of_catching_up_the_rest_comes_from_the_copy()
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} of many lines\n"));
        _logs.Append(text);
        var read = _logs.Next() + _logs.Next() + _logs.Next();
        read.Length.ShouldBeLessThan(text.Length / 2);
        _logs.CopyTruncate("access.log.1");
        _logs.Append(text.Replace("line", "another line", StringComparison.Ordinal));
        (read + _logs.Drain()).ShouldBe(text + text.Replace("line", "another line", StringComparison.Ordinal));
    }

    [Fact]
    public void Catching_up_takes_big_blocks_that_hold_whole_lines()
    {
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i} of many lines\n"));
        _logs.Append(text);
        var blocks = new List<string>();
        while (_logs.Next() is { } block)
        {
            block.ShouldEndWith("\n");
            blocks.Add(block);
        }

        string.Concat(blocks).ShouldBe(text);
        blocks.Max(b => b.Length).ShouldBeInRange(500_000, 1 << 20);
        blocks.Count.ShouldBeLessThan(20);
    }

    /// <summary>Root may read anything; for the time of a call the thread's file access is that of an unknown user.</summary>
    private static T AsNobody<T>(Func<T> read)
    {
        _ = SetFileUser(65534);
        try
        {
            return read();
        }
        finally
        {
            _ = SetFileUser(0);
        }
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    private static extern int SetFileUser(int user);
}
