using System.Globalization;

namespace DevOpsAgent.Tests.Audit;

/// <summary>Mistake 2 of the original: fsync for every event, even for unauthenticated denials: a way to wear the disk out.</summary>
public sealed class DenialCounterTests : IDisposable
{
    private readonly AuditRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_flood_of_strangers_is_one_line_per_reason_and_interval()
    {
        using var log = _rig.Open();
        for (var i = 0; i < 10_000; i++)
        {
            log.Count(AuditRig.Denial(i % 2 == 0 ? "unverified_sender" : "trust_rejected", "argv", i.ToString(CultureInfo.InvariantCulture)));
        }

        File.Exists(_rig.File("audit.jsonl")).ShouldBeFalse();
        _rig.Time.Advance(_rig.Config.DenialInterval);
        var lines = _rig.Events();
        lines.Select(static l => (l.GetProperty("reason").GetString(), l.GetProperty("count").GetInt64())).Order().ShouldBe([("trust_rejected", 5000L), ("unverified_sender", 5000L)]);
        lines[0].GetProperty("since_unix_ms").GetInt64().ShouldBe((_rig.Time.GetUtcNow() - _rig.Config.DenialInterval).ToUnixTimeMilliseconds());

        _rig.Time.Advance(_rig.Config.DenialInterval);
        _rig.Lines().Length.ShouldBe(2);
        log.Count(AuditRig.Denial("unverified_sender"));
        _rig.Time.Advance(_rig.Config.DenialInterval);
        _rig.Lines().Length.ShouldBe(3);
    }

    [Fact]
    public void Reasons_and_argv_of_strangers_take_bounded_room()
    {
        using (var log = _rig.Open())
        {
            for (var i = 0; i < 1000; i++)
            {
                log.Count(AuditRig.Denial($"reason-{i}", [.. Enumerable.Repeat(new string('x', 100_000), 100)]));
            }
        }

        var lines = _rig.Lines();
        lines.Length.ShouldBe(33);
        lines.ShouldAllBe(static l => l.Length < 4000);
        _rig.Events().Sum(static e => e.GetProperty("count").GetInt64()).ShouldBe(1000);
    }

    [Fact]
    public void What_was_counted_is_written_when_the_log_is_closed()
    {
        using (var log = _rig.Open())
        {
            log.Count(AuditRig.Denial("unverified_sender"));
        }

        _rig.Events().ShouldHaveSingleItem().GetProperty("count").GetInt64().ShouldBe(1);
        _rig.Verify().Problem.ShouldBeNull();
    }

    [Fact]
    public void Counts_that_could_not_be_written_are_kept()
    {
        using var log = _rig.Open();
        Directory.CreateDirectory(_rig.File("audit.jsonl"));
        log.Count(AuditRig.Denial("unverified_sender"));
        _rig.Time.Advance(_rig.Config.DenialInterval);
        Directory.Delete(_rig.File("audit.jsonl"));
        log.Count(AuditRig.Denial("unverified_sender"));
        _rig.Time.Advance(_rig.Config.DenialInterval);
        _rig.Events().ShouldHaveSingleItem().GetProperty("count").GetInt64().ShouldBe(2);
    }
}
