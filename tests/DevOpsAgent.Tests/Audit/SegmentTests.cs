using System.Text.Json;
using DevOpsAgent.Audit;

namespace DevOpsAgent.Tests.Audit;

/// <summary>Rotation, retention, and what a start makes of what a crash left.</summary>
public sealed class SegmentTests : IDisposable
{
    private readonly AuditRig _rig = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_large_segment_is_closed_and_the_chain_goes_on()
    {
        _rig.Config = _rig.Config with { SegmentSize = 3000 };
        await _rig.FillAsync(20);
        var closed = _rig.Closed();
        closed.Length.ShouldBeGreaterThan(2);
        closed[0].ShouldBe("audit-00000000000000000001.jsonl");
        var last = _rig.Events(closed[0])[^1];
        last.GetProperty("event").GetString().ShouldBe("checkpoint");
        last.GetProperty("kind").GetString().ShouldBe("closing");
        last.GetProperty("count").GetInt32().ShouldBe(_rig.Lines(closed[0]).Length - 1);
        var first = _rig.Events(closed[1])[0];
        first.GetProperty("prev").GetString().ShouldBe(last.GetProperty("hash").GetString());
        _rig.Lines(SegmentName.Checkpoints).ShouldBe(closed.Select(c => _rig.Lines(c)[^1]));
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task An_old_segment_is_closed_before_the_next_line()
    {
        using var log = _rig.Open();
        await log.AppendAsync(AuditRig.Request(1), Cancellation);
        _rig.Time.Advance(_rig.Config.SegmentAge);
        await log.AppendAsync(AuditRig.Request(2), Cancellation);
        _rig.Closed().ShouldHaveSingleItem();
        _rig.Events().ShouldHaveSingleItem().GetProperty("seq").GetInt64().ShouldBe(3);
    }

    [Fact]
    public async Task A_running_segment_has_signed_checkpoints()
    {
        _rig.Config = _rig.Config with { CheckpointLines = 3 };
        await _rig.FillAsync(7);
        var checkpoints = _rig.Events().Where(static e => e.GetProperty("event").GetString() == "checkpoint").ToList();
        checkpoints.Select(static c => c.GetProperty("count").GetInt32()).ShouldBe([3, 7]);
        checkpoints.ShouldAllBe(static c => c.GetProperty("kind").GetString() == "running" && c.GetProperty("signature").GetString()!.Length == 88);
    }

    [Theory]
    [InlineData("count")]
    [InlineData("size")]
    [InlineData("age")]
    public async Task Retention_leaves_proof(string reason)
    {
        _rig.Config = _rig.Config with { SegmentSize = 2000 };
        await _rig.FillAsync(20);
        var before = _rig.Closed();
        _rig.Config = reason switch
        {
            "count" => _rig.Config with { KeepSegments = 2 },
            "size" => _rig.Config with { KeepSize = 4000 },
            _ => _rig.Config with { KeepFor = TimeSpan.FromDays(1) },
        };
        if (reason == "age")
        {
            foreach (var name in before[..^2])
            {
                File.SetLastWriteTimeUtc(_rig.File(name), _rig.Time.GetUtcNow().UtcDateTime.AddDays(-2));
            }

            foreach (var name in before[^2..])
            {
                File.SetLastWriteTimeUtc(_rig.File(name), _rig.Time.GetUtcNow().UtcDateTime);
            }
        }

        await _rig.FillAsync(6);
        var found = _rig.Verify();
        found.Problem.ShouldBeNull();
        found.FirstSeq.ShouldBeGreaterThan(1);
        found.RemovedThrough.ShouldBe(found.FirstSeq - 1);
        _rig.Closed().ShouldNotContain(before[0]);
        var line = Directory.GetFiles(_rig.Folder, "audit*.jsonl").SelectMany(File.ReadLines).First(static l => l.Contains("\"event\":\"retention\""));
        JsonDocument.Parse(line).RootElement.GetProperty("reason").GetString().ShouldBe(reason);

        // The checkpoints of what went are still there, and a later start goes on.
        _rig.Lines(SegmentName.Checkpoints)[0].ShouldContain("\"segment\":1,");
        await _rig.FillAsync(3);
        _rig.Verify().Problem.ShouldBeNull();
    }

    /// <summary>The attack: after retention, delete one segment more.</summary>
    [Fact]
    public async Task More_gone_than_retention_let_go_is_noticed()
    {
        _rig.Config = _rig.Config with { SegmentSize = 2000, KeepSegments = 3 };
        await _rig.FillAsync(30);
        _rig.Verify().Problem.ShouldBeNull();
        File.Delete(_rig.File(_rig.Closed()[0]));
        _rig.Verify().Problem!.Kind.ShouldBe("removed");
    }

    [Fact]
    public async Task A_torn_tail_is_kept_aside_reported_and_the_chain_goes_on()
    {
        await _rig.FillAsync(3);
        const string torn = "{\"event\":\"exit\",\"ts_un";
        await File.AppendAllTextAsync(_rig.File("audit.jsonl"), torn, Cancellation);
        await _rig.FillAsync(2);

        var recovery = _rig.Events()[3];
        recovery.GetProperty("event").GetString().ShouldBe("recovery");
        recovery.GetProperty("torn_bytes").GetInt32().ShouldBe(torn.Length);
        (await File.ReadAllTextAsync(_rig.File(recovery.GetProperty("torn_file").GetString()!), Cancellation)).ShouldBe(torn);
        _rig.Events().Select(static e => e.GetProperty("seq").GetInt64()).ShouldBe([1, 2, 3, 4, 5, 6]);
        var found = _rig.Verify();
        found.Problem.ShouldBeNull();
        found.TornBytes.ShouldBe(0);
    }

    [Fact]
    public async Task A_changed_line_is_no_torn_tail_and_stops_the_start()
    {
        await _rig.FillAsync(3);
        var lines = _rig.Lines();
        lines[2] = lines[2].Replace("list files", "list filez");
        await File.WriteAllTextAsync(_rig.File("audit.jsonl"), string.Join('\n', lines) + "\n", Cancellation);
        var fault = Should.Throw<AuditException>(_rig.Open);
        fault.Message.ShouldContain("line 3 was changed");
        fault.Message.ShouldContain("audit verify");
        _rig.Lines().ShouldBe(lines);
    }

    /// <summary>Each step of closing a segment may be the last before a crash.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_rotation_that_a_crash_cut_off_is_finished(bool checkpointKept, bool renamed)
    {
        using (var log = _rig.Open())
        {
            await AuditRig.FillAsync(log, 3);
            _rig.Time.Advance(_rig.Config.SegmentAge);
            await AuditRig.FillAsync(log, 1);
        }

        // Back to the moment after the closing checkpoint.
        File.Delete(_rig.File("audit.jsonl"));
        File.Delete(_rig.File(SegmentName.Head));
        if (!renamed)
        {
            File.Move(_rig.File(_rig.Closed()[0]), _rig.File("audit.jsonl"));
        }

        if (!checkpointKept)
        {
            File.Delete(_rig.File(SegmentName.Checkpoints));
        }

        await _rig.FillAsync(2);
        _rig.Closed().ShouldHaveSingleItem();
        _rig.Lines(SegmentName.Checkpoints).ShouldHaveSingleItem();
        _rig.Events().Select(static e => e.GetProperty("seq").GetInt64()).ShouldBe([5, 6]);
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task A_torn_line_in_the_file_of_checkpoints_is_completed()
    {
        _rig.Config = _rig.Config with { SegmentSize = 2000 };
        await _rig.FillAsync(12);
        var path = _rig.File(SegmentName.Checkpoints);
        var whole = await File.ReadAllBytesAsync(path, Cancellation);
        await File.WriteAllBytesAsync(path, whole[..^100], Cancellation);
        _rig.Verify().Notes.ShouldHaveSingleItem().ShouldContain("cut off");
        await _rig.FillAsync(1);
        (await File.ReadAllBytesAsync(path, Cancellation))[..whole.Length].ShouldBe(whole);
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task Rotation_under_load_of_64_writers_loses_nothing()
    {
        _rig.Config = _rig.Config with { SegmentSize = 20_000, CheckpointLines = 10 };
        using (var log = _rig.Open())
        {
            await Task.WhenAll(Enumerable.Range(0, 64).Select(w => Task.Run(async () =>
            {
                for (var i = 0; i < 10; i++)
                {
                    await log.AppendAsync(AuditRig.Request(w * 1000 + i), Cancellation);
                }
            }, Cancellation)));
        }

        _rig.Closed().Length.ShouldBeGreaterThan(5);
        Directory.GetFiles(_rig.Folder, "audit*.jsonl").Where(static f => !f.EndsWith(SegmentName.Checkpoints, StringComparison.Ordinal)).SelectMany(File.ReadLines)
            .Count(static l => l.StartsWith("{\"event\":\"request\"", StringComparison.Ordinal)).ShouldBe(640);
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task A_log_without_rights_is_refused_and_says_what_to_do()
    {
        // A directory in the way stands for any fault of the file system: root may write everywhere.
        await _rig.FillAsync(1);
        File.Delete(_rig.File(SegmentName.Head));
        File.Delete(_rig.File("audit.jsonl"));
        Directory.CreateDirectory(_rig.File("audit.jsonl"));
        using var log = _rig.Open();
        var fault = await Should.ThrowAsync<AuditException>(async () => await log.AppendAsync(AuditRig.Request(1), Cancellation));
        fault.Message.ShouldContain("Nothing is run that can't be recorded");

        Directory.Delete(_rig.File("audit.jsonl"));
        await log.AppendAsync(AuditRig.Request(2), Cancellation);
        _rig.Events().ShouldHaveSingleItem().GetProperty("request_id").GetString().ShouldBe(AuditRig.Id(2));
    }
}
