using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Audit;

namespace DevOpsAgent.Tests.Audit;

public sealed class AuditLogTests : IDisposable
{
    private readonly AuditRig _rig = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Disabled_policy_does_not_write()
    {
        IExecAudit audit = new DisabledAudit();
        await audit.AppendAsync(AuditRig.Request(1), Cancellation);
        await audit.AppendAsync(new AuditEvent.Started(AuditRig.Id(1), 12345), Cancellation);
        audit.Count(AuditRig.Denial("exec_disabled", "ls"));
        Directory.Exists(_rig.Folder).ShouldBeFalse();
    }

    [Fact]
    public async Task All_five_events_have_their_keys_in_order_and_nulls_are_written()
    {
        using var log = _rig.Open();
        var id = AuditRig.Id(7);
        await log.AppendAsync(AuditRig.Request(7, "/bin/echo", "hi") with { MatchedAcl = null, StdinSha256 = null }, Cancellation);
        await log.AppendAsync(new AuditEvent.Started(id, 99999), Cancellation);
        await log.AppendAsync(new AuditEvent.Warning(id, "stdout_cap_hit", 1024), Cancellation);
        await log.AppendAsync(new AuditEvent.Warning(id, "lease_expired", null), Cancellation);
        await log.AppendAsync(new AuditEvent.Exit(id, null, 9, 200, 50, 10, true) { Cause = "shutdown" }, Cancellation);
        await log.AppendAsync(AuditRig.Denial("argv_not_allowed", "rm", "-rf", "/"), Cancellation);

        const string chain = " v seq prev hash";
        _rig.Events().Select(static e => string.Join(' ', e.EnumerateObject().Select(static p => p.Name))).ShouldBe(
        [
            "event ts_unix_ms request_id agent_id machine_id argv matched_acl stdin_bytes timeout_ms stdin_sha256" + chain,
            "event ts_unix_ms request_id pid" + chain,
            "event ts_unix_ms request_id kind bytes" + chain,
            "event ts_unix_ms request_id kind bytes" + chain,
            "event ts_unix_ms request_id code signal duration_ms stdout_bytes stderr_bytes truncated cause stdout_sha256 stderr_sha256" + chain,
            "event ts_unix_ms request_id agent_id machine_id argv reason count since_unix_ms" + chain,
        ]);
        var events = _rig.Events();
        events.Select(static e => e.GetProperty("event").GetString()).ShouldBe(["request", "started", "warning", "warning", "exit", "denial"]);
        events[0].GetProperty("matched_acl").ValueKind.ShouldBe(JsonValueKind.Null);
        events[3].GetProperty("bytes").ValueKind.ShouldBe(JsonValueKind.Null);
        events[4].GetProperty("signal").GetInt32().ShouldBe(9);
        events[0].GetProperty("ts_unix_ms").GetInt64().ShouldBe(_rig.Time.GetUtcNow().ToUnixTimeMilliseconds());
        events[0].GetProperty("request_id").GetString().ShouldBe(id);
    }

    /// <summary>Mistake 3 of the original: no sequence number, hash chain, version or file mode.</summary>
    [Fact]
    public async Task Lines_have_version_sequence_and_a_hash_chain_that_standard_tools_can_follow()
    {
        await _rig.FillAsync(3);
        var prev = new string('0', 64);
        var lines = _rig.Lines();
        for (var i = 0; i < lines.Length; i++)
        {
            var json = JsonDocument.Parse(lines[i]).RootElement;
            json.GetProperty("v").GetInt32().ShouldBe(1);
            json.GetProperty("seq").GetInt64().ShouldBe(i + 1);
            json.GetProperty("prev").GetString().ShouldBe(prev);
            var without = lines[i][..lines[i].LastIndexOf(",\"hash\":", StringComparison.Ordinal)] + "}";
            prev = json.GetProperty("hash").GetString()!;
            Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(without))).ShouldBe(prev);
        }
    }

    /// <summary>Mistake 3: no file mode.</summary>
    [Fact]
    public async Task Files_are_0600_and_the_directory_0700()
    {
        _rig.Config = _rig.Config with { SegmentSize = 1000 };
        await _rig.FillAsync(10);
        Directory.GetFiles(_rig.Folder).Length.ShouldBeGreaterThan(4);
        foreach (var file in Directory.GetFiles(_rig.Folder).Where(static f => Path.GetFileName(f) != SegmentName.Lock))
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
        }

        File.GetUnixFileMode(_rig.Folder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task A_new_log_goes_on_where_the_old_one_ended()
    {
        await _rig.FillAsync(3);
        await _rig.FillAsync(2);
        _rig.Events().Select(static e => e.GetProperty("seq").GetInt64()).ShouldBe([1, 2, 3, 4, 5]);
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task Sixty_four_writers_share_writes_and_every_line_is_there_once()
    {
        using (var log = _rig.Open())
        {
            await Task.WhenAll(Enumerable.Range(0, 64).Select(w => Task.Run(async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    await log.AppendAsync(AuditRig.Request(w * 1000 + i), Cancellation);
                }
            })));
            log.End.Seq.ShouldBe(64 * 20 + 1); // and one checkpoint
        }

        _rig.Events().Where(static e => e.GetProperty("event").GetString() == "request").Select(static e => e.GetProperty("request_id").GetString()).Distinct().Count().ShouldBe(64 * 20);
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task What_is_acknowledged_is_in_the_file()
    {
        using var log = _rig.Open();
        for (var i = 1; i <= 5; i++)
        {
            await log.AppendAsync(AuditRig.Request(i), Cancellation);
            _rig.Lines().Length.ShouldBe(i);
        }
    }

    [Fact]
    public void A_second_process_is_refused_and_told_why()
    {
        using var log = _rig.Open();
        Should.Throw<AuditException>(_rig.Open).Message.ShouldContain("Another process writes the audit log");
    }

    [Fact]
    public async Task A_closed_log_takes_nothing_more()
    {
        var log = _rig.Open();
        log.Dispose();
        await Should.ThrowAsync<AuditException>(async () => await log.AppendAsync(AuditRig.Request(1), Cancellation));
    }

    [Fact]
    public async Task A_command_line_that_no_line_can_hold_is_refused_and_the_log_goes_on()
    {
        using var log = _rig.Open();
        await Should.ThrowAsync<AuditException>(async () => await log.AppendAsync(AuditRig.Request(1, new string('x', 2 << 20)), Cancellation));
        await log.AppendAsync(AuditRig.Request(2), Cancellation);
        _rig.Events().ShouldHaveSingleItem().GetProperty("seq").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Hostile_argv_stays_one_line_of_ascii()
    {
        using var log = _rig.Open();
        string[] argv = ["a\nb", "\u001b[2J", "\u202e", "\ud800", "\0", "\",\"hash\":\"", "ü"];
        await log.AppendAsync(AuditRig.Request(1, argv), Cancellation);
        var line = _rig.Lines().ShouldHaveSingleItem();
        line.ShouldAllBe(static c => c >= ' ' && c <= '~');
        var read = JsonDocument.Parse(line).RootElement.GetProperty("argv").EnumerateArray().Select(static a => a.GetString()).ToArray();
        read[0].ShouldBe("a\nb");
        read[5].ShouldBe("\",\"hash\":\"");
        read[3].ShouldBe("\ufffd"); // half a character can't be written as JSON text
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public async Task A_link_in_place_of_the_log_is_not_followed()
    {
        Directory.CreateDirectory(_rig.Folder);
        var other = Path.Combine(_rig.Folder, "elsewhere");
        await File.WriteAllTextAsync(other, "", Cancellation);
        File.CreateSymbolicLink(_rig.File(SegmentName.Current), other);
        Should.Throw<AuditException>(_rig.Open).Message.ShouldContain("symbolic link");
    }
}
