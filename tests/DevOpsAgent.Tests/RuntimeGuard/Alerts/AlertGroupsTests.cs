using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

public sealed class AlertGroupsTests
{
    private readonly FakeTime _time = new();
    private readonly AlertGroups _groups;

    public AlertGroupsTests() => _groups = new(_time);

    [Fact]
    public void The_first_is_told_at_once_and_the_same_again_counts_up()
    {
        Add("a").ShouldNotBeNull().Count.ShouldBe(1);
        for (var i = 0; i < 1_000; i++)
        {
            Add("a").ShouldBeNull();
        }

        _groups.Tick().ShouldBeEmpty("the window is not over");
        _time.Advance(AlertGroups.Window);
        _groups.Tick().ShouldHaveSingleItem().Count.ShouldBe(1_000);
        _time.Advance(AlertGroups.Window);
        _groups.Tick().ShouldBeEmpty();
        Add("a").ShouldNotBeNull("after a quiet window it is news again");
    }

    [Fact]
    public void Another_process_kind_or_object_is_an_alert_of_its_own()
    {
        Add("a").ShouldNotBeNull();
        Add("b").ShouldNotBeNull();
        _groups.Add(Violations.Of("a", process: "other"), [], [], []).ShouldNotBeNull();
        _groups.Add(Violations.Of("a", type: "network"), [], [], []).ShouldNotBeNull();
        _groups.Add(Violations.Of("a", pid: 1), [], [], []).ShouldBeNull("another process of the same policy that does the same counts up");
    }

    [Fact]
    public void A_flood_is_held_back_counted_and_told_and_hides_no_other_process()
    {
        var told = Enumerable.Range(0, 10_000).Select(i => Add($"file {i}")).OfType<Alert>().ToList();
        told.Count.ShouldBe(30);
        _groups.HeldBack.ShouldBe(9_970);
        _groups.Add(Violations.Of("x", process: "other"), [], [], []).ShouldNotBeNull("another process has an allowance of its own");
        _time.Advance(TimeSpan.FromSeconds(1));
        var alert = _groups.Tick().ShouldHaveSingleItem();
        alert.Violation.Detail.ShouldBe("file 9999", "the newest stands for those held back");
        alert.HeldBack.ShouldBe(9_969);
    }

    [Fact]
    public void Counts_of_all_alerts_add_up_to_the_violations()
    {
        var random = new Random(7);
        var alerts = new List<Alert>();
        const int Violated = 20_000;
        for (var i = 0; i < Violated; i++)
        {
            if (Add($"file {random.Next(200)}", $"app{random.Next(3)}") is { } alert)
            {
                alerts.Add(alert);
            }

            if (i % 100 == 0)
            {
                _time.Advance(TimeSpan.FromMilliseconds(random.Next(3_000)));
                alerts.AddRange(_groups.Tick());
            }
        }

        alerts.AddRange(_groups.Tick(all: true));
        alerts.Sum(static a => a.Count + a.HeldBack).ShouldBe(Violated);
    }

    [Fact]
    public void What_was_done_about_a_later_one_is_told_with_the_count()
    {
        Add("a");
        _groups.Add(Violations.Of("a", pid: 2), ["kill_process"], [new("kill_process", true, "killed", 3)], []).ShouldBeNull();
        _time.Advance(AlertGroups.Window);
        var alert = _groups.Tick().ShouldHaveSingleItem();
        alert.Responses.ShouldHaveSingleItem().Receipt.ShouldBe(3);
        alert.Actions.ShouldBe(["kill_process"]);
    }

    private Alert? Add(string detail, string process = "app") => _groups.Add(Violations.Of(detail, process), ["log_to_syslog"], [], []);
}
