using DevOpsAgent.Logs;
using System.IO.Pipelines;
using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class LogSourcesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly LogFolder _logs = new();
    private readonly List<LogCheckpoint> _checkpoints = [];
    private readonly CancellationTokenSource _patience = new(Patience);

    public void Dispose()
    {
        _patience.Dispose();
        _logs.Dispose();
    }

    [Fact]
    public async Task Standard_input_is_read_to_its_end_with_its_last_line()
    {
        using var sources = Open(new MemoryStream("one\ntwo\nno line feed"u8.ToArray()), "-");
        (await Next(sources)).ShouldBe("stdin: one\ntwo\n");
        (await Next(sources)).ShouldBe("stdin: no line feed");
        (await Next(sources)).ShouldBeNull();
        (await Next(sources)).ShouldBeNull();
        var status = sources.Status.ShouldHaveSingleItem();
        status.State.ShouldBe(SourceState.Ended);
        status.BytesRead.ShouldBe(20);
    }

    [Fact]
    public async Task Standard_input_wakes_the_reader_without_any_clock()
    {
        var pipe = new Pipe();
        using var sources = Open(pipe.Reader.AsStream(), "-");
        var next = Next(sources);
        next.IsCompleted.ShouldBeFalse();
        _logs.Time.Waiting.ShouldBe(0);
        await pipe.Writer.WriteAsync("ha"u8.ToArray(), _patience.Token);
        await pipe.Writer.WriteAsync("lf\nrest"u8.ToArray(), _patience.Token);
        (await next).ShouldBe("stdin: half\n");
        await pipe.Writer.CompleteAsync();
        (await Next(sources)).ShouldBe("stdin: rest");
        (await Next(sources)).ShouldBeNull();
    }

    [Fact]
    public async Task Standard_input_skips_long_lines_and_reports_when_it_breaks()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        using var sources = Open(pipe.Reader.AsStream(), "-");
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(new string('x', 10_000_000) + "\nafter\n"), _patience.Token);
        (await Next(sources)).ShouldBe("stdin: after\n");
        await pipe.Writer.CompleteAsync(new IOException("the other end died"));
        (await Next(sources)).ShouldBeNull();
        var status = sources.Status.ShouldHaveSingleItem();
        status.SkippedLongLines.ShouldBe(1);
        status.SkippedBytes.ShouldBe(10_000_001);
        status.LastError!.ShouldContain("the other end died");
    }

    [Fact]
    public async Task Looks_again_5_ms_later_while_lines_come_and_25_ms_later_when_it_is_quiet()
    {
        _logs.Append("one\n");
        using var sources = Open(Stream.Null, _logs.Log);
        (await Next(sources)).ShouldBe("access.log: one\n");
        var next = Next(sources);
        _logs.Append("two\n");
        _logs.Time.Advance(TimeSpan.FromMilliseconds(4));
        next.IsCompleted.ShouldBeFalse();
        _logs.Time.Advance(TimeSpan.FromMilliseconds(1));
        (await next).ShouldBe("access.log: two\n");

        next = Next(sources);
        await Quiet(TimeSpan.FromSeconds(2));
        _logs.Append("three\n");
        _logs.Time.Advance(TimeSpan.FromMilliseconds(24));
        _logs.Time.Waiting.ShouldBe(1);
        next.IsCompleted.ShouldBeFalse();
        _logs.Time.Advance(TimeSpan.FromMilliseconds(1));
        (await next).ShouldBe("access.log: three\n");
    }

    [Fact]
    public async Task Works_on_the_machines_clock()
    {
        using var sources = new LogSources([new LogConfig { Path = _logs.Log }], [], Stream.Null, TimeProvider.System);
        for (var i = 0; i < 50; i++)
        {
            var next = Next(sources);
            _logs.Append($"{i}\n");
            (await next).ShouldBe($"access.log: {i}\n");
        }
    }

    [Fact]
    public async Task Loses_nothing_while_another_thread_writes_and_rotates()
    {
        const int Rotations = 40;
        const int Lines = 200;
        _logs.Append("first\n");
        using var sources = new LogSources([new LogConfig { Path = _logs.Log }], [], Stream.Null, TimeProvider.System);
        (await Next(sources)).ShouldBe("access.log: first\n");
        var writing = Task.Run(() =>
        {
            for (var rotation = 0; rotation < Rotations; rotation++)
            {
                for (var line = 0; line < Lines; line++)
                {
                    _logs.Append($"{rotation}/{line}\n");
                }

                for (var number = rotation; number > 0; number--)
                {
                    _logs.Rename($"access.log.{number}", $"access.log.{number + 1}");
                }

                _logs.Rename("access.log", "access.log.1");
            }

            _logs.Append("last\n");
        }, _patience.Token);
        var read = new StringBuilder();
        while (!read.ToString().EndsWith("last\n", StringComparison.Ordinal))
        {
            read.Append((await Next(sources))!["access.log: ".Length..]);
        }

        await writing;
        read.ToString().ShouldBe(string.Concat(Enumerable.Range(0, Rotations * Lines).Select(i => $"{i / Lines}/{i % Lines}\n")) + "last\n");
    }

    [Fact]
    public async Task A_log_that_floods_does_not_starve_the_others()
    {
        var flood = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"line {i} of a flood\n"));
        _logs.AppendTo("a.log", flood);
        _logs.AppendTo("b.log", "b\n");
        _logs.AppendTo("c.log", "c\n");
        using var sources = Open(new MemoryStream("d\n"u8.ToArray()), _logs.At("a.log"), _logs.At("b.log"), _logs.At("c.log"), "-");
        var first = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            first.Add((await Next(sources))!.Split(':')[0]);
        }

        first.ShouldBe(["a.log", "b.log", "c.log", "stdin"], ignoreOrder: true);
        var rest = 0;
        while (rest < 5)
        {
            (await Next(sources))!.ShouldStartWith("a.log: line ");
            rest++;
        }
    }

    [Fact]
    public async Task Each_log_goes_on_from_its_own_checkpoint()
    {
        _logs.AppendTo("a.log", "a1\n");
        _logs.AppendTo("b.log", "b1\n");
        using (var sources = Open(Stream.Null, _logs.At("a.log"), _logs.At("b.log")))
        {
            await Next(sources);
            await Next(sources);
        }

        _logs.AppendTo("a.log", "a2\n");
        using var again = Open(Stream.Null, _logs.At("a.log"), _logs.At("b.log"), _logs.At("missing.log"));
        (await Next(again)).ShouldBe("a.log: a2\n");
        again.Status.Select(s => s.State).ShouldBe([SourceState.Following, SourceState.Following, SourceState.Waiting], ignoreOrder: true);
    }

    [Fact]
    public async Task A_waiting_read_can_be_cancelled()
    {
        using var sources = Open(Stream.Null, _logs.Log);
        using var stop = new CancellationTokenSource();
        var next = sources.ReadAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public async Task A_glob_follows_each_match_and_new_ones_but_no_rotated_file_and_none_that_is_named_by_itself()
    {
        _logs.AppendTo("a.log", "a\n");
        _logs.AppendTo("a.log.1", "rotated\n");
        _logs.AppendTo("own.log", "own\n");
        _logs.AppendTo("note.txt", "not a log\n");
        using var sources = Open(Stream.Null, _logs.At("*.log*"), _logs.At("own.log"));
        new[] { await Next(sources), await Next(sources) }.ShouldBe(["a.log: a\n", "own.log: own\n"], ignoreOrder: true);
        var next = Next(sources);
        _logs.Rename("a.log.1", "a.log.2");
        _logs.Rename("a.log", "a.log.1");
        _logs.AppendTo("b.log", "b\n");
        (await InTime(next)).ShouldBe("b.log: b\n");
        sources.Status.Select(s => Path.GetFileName(s.Source)).ShouldBe(["a.log", "b.log", "own.log"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_match_that_was_removed_is_forgotten_after_a_minute()
    {
        _logs.AppendTo("a.log", "a\n");
        using var sources = Open(Stream.Null, _logs.At("*.log"));
        (await Next(sources)).ShouldBe("a.log: a\n");
        File.Delete(_logs.At("a.log"));
        var next = Next(sources);
        await Quiet(LogGlob.ForgetGone + TimeSpan.FromSeconds(3));
        var status = sources.Status.ShouldHaveSingleItem();
        status.Source.ShouldBe(_logs.At("*.log"));
        status.State.ShouldBe(SourceState.Waiting);
        status.Advice!.ShouldContain("No file matches");
        _logs.AppendTo("a.log", "again\n");
        (await InTime(next)).ShouldBe("a.log: again\n");
    }

    [Fact]
    public void A_star_in_a_folder_is_refused_with_a_reason()
    {
        using var sources = Open(Stream.Null, _logs.At("*/access.log"));
        _ = Next(sources);
        sources.Status.ShouldHaveSingleItem().Advice!.ShouldContain("only in the last part");
        sources.Status[0].State.ShouldBe(SourceState.Error);
    }

    /// <summary>Moves the clock until the reader has found something.</summary>
    private async Task<string?> InTime(Task<string?> next)
    {
        while (!next.IsCompleted)
        {
            _logs.Time.Advance(TimeSpan.FromMilliseconds(25));
            await Task.Yield();
        }

        return await next;
    }

    /// <summary>The reader, which finds nothing, sleeps until its timer.</summary>
    private async Task Asleep()
    {
        while (_logs.Time.Waiting == 0)
        {
            _patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task Quiet(TimeSpan time)
    {
        for (var end = _logs.Time.GetUtcNow() + time; _logs.Time.GetUtcNow() < end;)
        {
            await Asleep();
            _logs.Time.Advance(TimeSpan.FromMilliseconds(25));
        }

        await Asleep();
    }

    private LogSources Open(Stream stdin, params string[] paths) =>
        new([.. paths.Select(p => new LogConfig { Path = p })], _checkpoints, stdin, _logs.Time);

    private async Task<string?> Next(LogSources sources)
    {
        if (await sources.ReadAsync(_patience.Token) is not { } block)
        {
            return null;
        }

        _checkpoints.Add(new(block.Source, block.FileId, block.EndOffset, block.HeadHash, DateTimeOffset.UtcNow));
        return $"{Path.GetFileName(block.Source)}: {Encoding.Latin1.GetString(block.Bytes.Span)}";
    }
}
