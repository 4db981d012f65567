using System.Text;
using DevOpsAgent.Audit;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Audit;

public sealed class AuditVerifierTests : IDisposable
{
    private readonly AuditRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_whole_log_of_several_segments_is_whole()
    {
        await Segments();
        var found = _rig.Verify();
        found.Problem.ShouldBeNull();
        found.TornBytes.ShouldBe(0);
        found.Segments.ShouldBe(_rig.Closed().Length + 1);
        found.FirstSeq.ShouldBe(1);
        found.Signatures.ShouldBeGreaterThan(5);
    }

    /// <summary>Mistake 3 of the original: a removed or edited line is not noticed.</summary>
    [Fact]
    public async Task An_edited_line_is_noticed_and_named()
    {
        await _rig.FillAsync(5);
        Change(lines => lines[2] = lines[2].Replace("/usr/bin/ls", "/usr/bin/rm"));
        var problem = _rig.Verify().Problem!;
        (problem.Kind, problem.File, problem.Line, problem.Seq).ShouldBe(("changed", "audit.jsonl", 3L, 3L));
    }

    /// <summary>Mistake 3 of the original: a removed or edited line is not noticed.</summary>
    [Fact]
    public async Task A_removed_line_is_noticed_and_named()
    {
        await _rig.FillAsync(5);
        Change(static lines => lines.RemoveRange(1, 2));
        var problem = _rig.Verify().Problem!;
        (problem.Kind, problem.Line, problem.Seq).ShouldBe(("missing", 2L, 4L));
        problem.What.ShouldBe("Lines 2 to 3 are missing before it.");
    }

    [Fact]
    public async Task Lines_in_another_order_are_noticed()
    {
        await _rig.FillAsync(5);
        Change(static lines => (lines[1], lines[2]) = (lines[2], lines[1]));
        _rig.Verify().Problem!.Line.ShouldBe(2);
    }

    [Fact]
    public async Task A_line_put_in_twice_is_noticed()
    {
        await _rig.FillAsync(5);
        Change(static lines => lines.Insert(3, lines[2]));
        (_rig.Verify().Problem is { Kind: "order", Line: 4, Seq: 3 }).ShouldBeTrue();
    }

    /// <summary>The attack: cut whole lines off the end, so that every remaining line is right.</summary>
    [Fact]
    public async Task Lines_cut_off_the_end_are_missed_by_the_signed_head()
    {
        await _rig.FillAsync(5);
        Change(static lines => lines.RemoveRange(3, 2));
        var problem = _rig.Verify().Problem!;
        problem.Kind.ShouldBe("truncated");
        problem.What.ShouldContain("ends with line 3, but had come to line 5");
        Should.Throw<AuditException>(_rig.Open).Message.ShouldContain("lines are missing at its end");
    }

    /// <summary>The attack: edit a line, then compute all hashes after it anew. Without the key the checkpoint can't be.</summary>
    [Fact]
    public async Task A_chain_computed_anew_fails_at_the_next_checkpoint()
    {
        _rig.Config = _rig.Config with { CheckpointLines = 4 };
        await _rig.FillAsync(6);
        Change(static lines =>
        {
            lines[1] = lines[1].Replace("/usr/bin/ls", "/usr/bin/rm");
            var prev = System.Text.Json.JsonDocument.Parse(lines[0]).RootElement.GetProperty("hash").GetString()!;
            for (var i = 1; i < lines.Count; i++)
            {
                var at = lines[i].IndexOf("\"prev\":\"", StringComparison.Ordinal) + 8;
                var front = lines[i][..at] + prev + lines[i][(at + 64)..lines[i].LastIndexOf(",\"hash\"", StringComparison.Ordinal)];
                prev = LineForm.HashOf(Encoding.ASCII.GetBytes(front));
                lines[i] = $"{front},\"hash\":\"{prev}\"}}";
            }
        });
        var problem = _rig.Verify().Problem!;
        (problem.Kind, problem.Line).ShouldBe(("signature", 5L));
        problem.What.ShouldContain("false signature");
    }

    [Fact]
    public async Task A_missing_segment_is_noticed()
    {
        await Segments();
        File.Delete(_rig.File(_rig.Closed()[1]));
        var problem = _rig.Verify().Problem!;
        problem.Kind.ShouldBe("missing");
        problem.What.ShouldContain("a segment before this one is gone");
    }

    /// <summary>The attack: delete the oldest segments by hand, as if retention had done it.</summary>
    [Fact]
    public async Task Oldest_segments_gone_without_leave_are_noticed()
    {
        await Segments();
        File.Delete(_rig.File(_rig.Closed()[0]));
        var problem = _rig.Verify().Problem!;
        problem.Kind.ShouldBe("removed");
        problem.What.ShouldContain("no signed retention line says that they may be");
    }

    [Fact]
    public async Task A_closed_segment_without_its_end_is_noticed()
    {
        await Segments();
        var name = _rig.Closed()[0];
        var lines = _rig.Lines(name);
        await File.WriteAllTextAsync(_rig.File(name), string.Concat(lines[..^1].Select(static l => l + "\n")), TestContext.Current.CancellationToken);
        (_rig.Verify().Problem is { Kind: "truncated", Seq: > 0 }).ShouldBeTrue();
    }

    [Fact]
    public async Task A_missing_or_foreign_head_is_noticed()
    {
        await _rig.FillAsync(3);
        using (var other = new AuditRig())
        {
            await other.FillAsync(3);
            File.Copy(other.File(SegmentName.Head), _rig.File(SegmentName.Head), overwrite: true);
        }

        _rig.Verify().Problem!.What.ShouldContain("a key that isn't known");
        File.Delete(_rig.File(SegmentName.Head));
        _rig.Verify().Problem!.Kind.ShouldBe("head");
    }

    [Fact]
    public async Task A_torn_tail_is_reported_as_such()
    {
        await _rig.FillAsync(3);
        await File.AppendAllTextAsync(_rig.File("audit.jsonl"), "{\"event\":\"exit\",\"ts_unix", TestContext.Current.CancellationToken);
        var found = _rig.Verify();
        found.Problem.ShouldBeNull();
        found.TornBytes.ShouldBe(24);
        await File.AppendAllTextAsync(_rig.File("audit.jsonl"), "\0\0\0\n\0\0", TestContext.Current.CancellationToken);
        _rig.Verify().TornBytes.ShouldBe(30);
    }

    [Fact]
    public async Task One_segment_can_be_verified_for_itself()
    {
        await Segments();
        var found = _rig.Verify(_rig.File(_rig.Closed()[1]));
        found.Problem.ShouldBeNull();
        found.Notes.ShouldHaveSingleItem().ShouldContain("One file for itself");
    }

    [Fact]
    public async Task Keys_that_were_rotated_still_verify()
    {
        _rig.Config = _rig.Config with { CheckpointLines = 2 };
        using (var log = _rig.Open())
        {
            await AuditRig.FillAsync(log, 4);
            _rig.Ring.Rotate();
            await AuditRig.FillAsync(log, 4);
        }

        _rig.Verify().Problem.ShouldBeNull();
        _rig.Lines().Where(static l => l.Contains("\"checkpoint\"")).Select(static l => System.Text.Json.JsonDocument.Parse(l).RootElement.GetProperty("key").GetString()).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task Any_change_of_a_single_byte_anywhere_is_found()
    {
        await Segments();
        var files = Directory.GetFiles(_rig.Folder).Where(static f => Path.GetFileName(f) != SegmentName.Lock).ToArray();
        var originals = files.Select(File.ReadAllBytes).ToArray();
        var where = from file in Gen.Choose(0, files.Length - 1)
                    from at in Gen.Choose(0, originals[file].Length - 1)
                    from value in Gen.Choose(0, 255)
                    select (file, at, (byte)value);
        Prop.ForAll(where.ToArbitrary(), change =>
        {
            var (file, at, value) = change;
            var bytes = originals[file].ToArray();
            if (bytes[at] == value)
            {
                return true;
            }

            bytes[at] = value;
            File.WriteAllBytes(files[file], bytes);
            var found = _rig.Verify();
            File.WriteAllBytes(files[file], originals[file]);
            return found.Problem is not null || found.TornBytes > 0 || found.Notes.Count > 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public void The_line_parser_never_throws()
    {
        var valid = Encoding.ASCII.GetBytes(Sealed("{\"event\":\"started\",\"ts_unix_ms\":1,\"request_id\":null,\"pid\":1,\"v\":1,\"seq\":1,\"prev\":\"" + LineForm.NoHash + "\""));
        AuditLine.TryRead(valid, out _, out var problem).ShouldBeTrue(problem);
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            AuditLine.TryRead(bytes, out _, out _).ShouldBeFalse();
            SignedLine.TryRead(bytes, static _ => null, out _, out _).ShouldBeFalse();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    /// <summary>Their hash is right, so that only their content can refuse them.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("{\"event\":5")]
    [InlineData("{\"event\":\"x\",\"ts_unix_ms\":\"1\",\"v\":1,\"seq\":1")]
    [InlineData("{\"event\":\"x\",\"ts_unix_ms\":1,\"v\":1,\"seq\":99999999999999999999")]
    [InlineData("{\"event\":\"x\",\"ts_unix_ms\":1,\"v\":1,\"seq\":-1,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\"")]
    [InlineData("{\"event\":\"x\",\"ts_unix_ms\":1,\"v\":1,\"seq\":1,\"prev\":\"0\"")]
    [InlineData("{\"event\":\"\\ud800\",\"ts_unix_ms\":1,\"v\":1,\"seq\":1,\"prev\":null")]
    [InlineData("{\"event\":\"x\"}{\"v\":1")]
    [InlineData("{\"event\":\"x\",\"ts_unix_ms\":1,\"v\":2,\"seq\":1,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\"")]
    public void Nonsense_with_a_right_hash_is_refused(string front)
    {
        AuditLine.TryRead(Encoding.UTF8.GetBytes(Sealed(front)), out _, out var problem).ShouldBeFalse();
        problem.ShouldNotBeEmpty();
        SignedLine.TryRead(Encoding.UTF8.GetBytes(Sealed(front + ",\"key\":\"k\",\"signature\":\"!\"")), static _ => [1], out _, out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Arbitrary_bytes_in_place_of_files_never_throw()
    {
        await Segments();
        var files = Directory.GetFiles(_rig.Folder).Where(static f => Path.GetFileName(f) != SegmentName.Lock).ToArray();
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            var file = files[bytes.Length % files.Length];
            var original = File.ReadAllBytes(file);
            File.WriteAllBytes(file, bytes);
            var found = _rig.Verify();
            File.WriteAllBytes(file, original);
            (found.Problem is not null || found.TornBytes > 0 || found.Notes.Count > 0).ShouldBeTrue(file);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    private static string Sealed(string front) => $"{front},\"hash\":\"{LineForm.HashOf(Encoding.UTF8.GetBytes(front))}\"}}";

    private async Task Segments()
    {
        _rig.Config = _rig.Config with { SegmentSize = 2000, CheckpointLines = 3 };
        await _rig.FillAsync(17);
        _rig.Closed().Length.ShouldBeGreaterThan(2);
    }

    private void Change(Action<List<string>> change)
    {
        var lines = _rig.Lines().ToList();
        change(lines);
        File.WriteAllText(_rig.File("audit.jsonl"), string.Concat(lines.Select(static l => l + "\n")));
    }
}
