using System.Text.Json;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

public sealed class AlertJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Alerts_have_rising_numbers_that_go_on_after_a_restart()
    {
        string id;
        using (var journal = Open())
        {
            id = journal.Id;
            journal.Append([Violations.Alert("a"), Violations.Alert("b")]).Select(static a => a.Seq).ShouldBe([1, 2]);
        }

        using var again = Open();
        again.Id.ShouldBe(id);
        again.Last.ShouldBe(2);
        again.Append([Violations.Alert("c")])[0].Seq.ShouldBe(3);
        again.Read(1, 10).ShouldSatisfyAllConditions(
            static p => p.Alerts.Select(static a => a.Violation.Detail).ShouldBe(["b", "c"]), static p => p.Next.ShouldBe(3), static p => p.Lost.ShouldBe(0));
        JsonSerializer.Serialize(again.Read(1, 10).Alerts[0], AlertJson.Default.Alert).ShouldBe(JsonSerializer.Serialize(Violations.Alert("b") with { Seq = 2 }, AlertJson.Default.Alert));
    }

    [Fact]
    public void Half_a_line_that_a_kill_left_is_taken_away()
    {
        using (var journal = Open())
        {
            journal.Append([Violations.Alert("a")]);
        }

        var file = Directory.GetFiles(Path.Combine(_folder.Path, "journal"), "alerts-*.jsonl").Single();
        File.AppendAllText(file, "{\"seq\":2,\"first\":\"20");
        using var again = Open();
        again.Append([Violations.Alert("b")])[0].Seq.ShouldBe(2);
        again.Dispose();
        File.ReadAllLines(file).Length.ShouldBe(2);
        using var third = Open();
        third.Read(0, 10).Alerts.Select(static a => a.Violation.Detail).ShouldBe(["a", "b"]);
    }

    [Fact]
    public void It_is_bounded_and_a_reader_that_is_too_far_behind_is_told_how_much_it_lost()
    {
        var big = new string('x', 4_000);
        using (var journal = Open(keep: 1 << 16))
        {
            for (var i = 0; i < 300; i++)
            {
                journal.Append([Violations.Alert(big)]);
            }
        }

        Directory.EnumerateFiles(Path.Combine(_folder.Path, "journal"), "alerts-*").Sum(static f => new FileInfo(f).Length).ShouldBeLessThan(2 << 16);
        using var again = Open(keep: 1 << 16); // from memory it would be read still
        var page = again.Read(10, 1_000);
        page.Alerts[^1].Seq.ShouldBe(300);
        page.Alerts.Count.ShouldBeLessThan(40);
        page.Lost.ShouldBe(290 - page.Alerts.Count);
        again.Read(300, 10).ShouldSatisfyAllConditions(static p => p.Alerts.ShouldBeEmpty(), static p => p.Lost.ShouldBe(0));
    }

    [Fact]
    public void Numbers_of_another_journal_mean_nothing()
    {
        using var journal = Open();
        journal.Append([Violations.Alert("a")]);
        var page = journal.Read(500, 10, "0123");
        page.Alerts.ShouldHaveSingleItem();
        page.Lost.ShouldBe(0);
        page.Journal.ShouldBe(journal.Id);
    }

    [Fact]
    public void A_disk_that_takes_nothing_leaves_the_newest_in_memory_and_says_so_once()
    {
        using var journal = Open(keep: 1 << 16);
        journal.Append([Violations.Alert("a")]);
        var folder = Path.Combine(_folder.Path, "journal");
        Directory.Delete(folder, recursive: true);
        var big = new string('x', 9_000);
        for (var i = 0; i < 5; i++)
        {
            journal.Append([Violations.Alert(big)]); // the next segment can't be made
        }

        journal.Problem.ShouldNotBeNull();
        _said.Count(static s => s.Contains("can't be written", StringComparison.Ordinal)).ShouldBe(1);
        journal.Read(1, 10).Alerts.Count.ShouldBe(5, "who is told now misses nothing");
        Directory.CreateDirectory(folder);
        journal.Append([Violations.Alert("b")]);
        journal.Problem.ShouldBeNull();
        _said[^1].ShouldContain("again");
    }

    [Fact]
    public async Task Whoever_waits_is_woken()
    {
        using var journal = Open();
        var waiting = journal.WaitAsync(0, TestContext.Current.CancellationToken);
        waiting.IsCompleted.ShouldBeFalse();
        journal.Append([Violations.Alert()]);
        await waiting;
    }

    [Fact]
    public void Its_files_are_its_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes");
        using var journal = Open();
        journal.Append([Violations.Alert()]);
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            if (!OperatingSystem.IsWindows())
            {
                File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
            }
        }
    }

    private AlertJournal Open(long keep = 1 << 20) => AlertJournal.Open(Directory.CreateDirectory(Path.Combine(_folder.Path, "journal")).FullName, keep, (_, text) => _said.Add(text));
}
