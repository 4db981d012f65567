using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Detection;

public sealed class StateTests
{
    private static readonly RuleSet Rules = RuleLibrary.Load(new());

    /// <summary>Stored and taken up again at random moments, it finds exactly what it finds in one go.</summary>
    [Fact]
    public void A_restart_changes_nothing()
    {
        var lines = TestLines.ReadFile(Path.Combine(RecordingTests.Samples("recording-a"), "access.jsonl.gz"))
            .Where((_, i) => i is > 9000 and < 13_000).ToArray();
        var whole = new DetectionRun(Rules, new());
        foreach (var line in lines)
        {
            whole.Add(line);
        }

        whole.Findings.Count.ShouldBeGreaterThan(20);
        var random = new Random(5);
        var store = new Dictionary<ClientAddress, ClientStateRow>();
        var broken = new DetectionRun(Rules, new());
        for (var i = 0; i < lines.Length; i++)
        {
            broken.Add(lines[i]);
            if (random.Next(150) == 0)
            {
                foreach (var row in broken.Detector.TakeDirty())
                {
                    store[row.Client] = row;
                }

                broken.Detector = new(Rules, new());
                store.Values.ShouldAllBe(row => broken.Detector.TryRestore(row));
            }
        }

        broken.Findings.Count.ShouldBe(whole.Findings.Count);
        for (var i = 0; i < whole.Findings.Count; i++)
        {
            Json(broken.Findings[i]).ShouldBe(Json(whole.Findings[i]));
        }
    }

    [Fact]
    public void Damaged_foreign_or_newer_state_is_ignored()
    {
        var run = new DetectionRun(Rules, new());
        run.Add(TestLines.Line(0, "203.0.113.7", "GET", "/.env", 404));
        var rows = run.Detector.TakeDirty();
        rows.Select(r => r.Client).ShouldBe([ClientAddress.Parse("203.0.113.7"), ClientAddress.None]);
        run.Detector.TakeDirty().ShouldBeEmpty();
        var random = new Random(1);
        foreach (var row in rows)
        {
            new Detector(Rules, new()).TryRestore(row).ShouldBeTrue();
            for (var i = 0; i < 500; i++)
            {
                var damaged = row.State.ToArray();
                damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
                new Detector(Rules, new()).TryRestore(row with { State = damaged }).ShouldBeFalse();
                new Detector(Rules, new()).TryRestore(row with { State = row.State[..random.Next(row.State.Length)] }).ShouldBeFalse();
            }
        }

        var others = RuleLibrary.Load(new() { DisabledRules = ["secret-files"] });
        new Detector(others, new()).TryRestore(rows[0]).ShouldBeFalse();
    }

    [Fact]
    public void Evicted_clients_are_named_once_if_they_were_stored()
    {
        var config = new DetectionConfig { MaxClients = 2 };
        var run = new DetectionRun(Rules, config);
        run.Add(TestLines.Line(0, "10.0.0.1", "GET", "/", 200));
        run.Detector.TakeDirty().Count.ShouldBe(1);
        foreach (var i in Enumerable.Range(2, 4))
        {
            run.Add(TestLines.Line(i, $"10.0.0.{i}", "GET", "/", 200));
        }

        run.Detector.TakeForgotten().ShouldBe([ClientAddress.Parse("10.0.0.1")]);
        run.Detector.TakeForgotten().ShouldBeEmpty();
        run.Detector.TakeDirty().Count.ShouldBe(2);
    }

    private static string Json(Finding finding) => System.Text.Json.JsonSerializer.Serialize(finding);
}
