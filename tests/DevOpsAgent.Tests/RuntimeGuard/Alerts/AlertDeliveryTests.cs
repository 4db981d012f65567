using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

public sealed class AlertDeliveryTests : IDisposable
{
    private const string Mine = "send_to_soc_dashboard";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTime _time = new();
    private readonly List<string> _said = [];
    private readonly AlertJournal _journal;

    public AlertDeliveryTests() => _journal = AlertJournal.Open(_folder.Path, 1 << 20, (_, text) => _said.Add(text));

    public void Dispose()
    {
        _journal.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Only_what_is_meant_for_it_is_sent_in_order_once()
    {
        using var channel = new FakeChannel();
        var delivery = Delivery(channel);
        _journal.Append([Violations.Alert("a", 1, Mine), Violations.Alert("b", 1, "log_to_syslog"), Violations.Alert("c", 3, Mine)]);
        (await delivery.DeliverAsync(TestContext.Current.CancellationToken)).ShouldBeTrue();
        channel.Taken.ShouldHaveSingleItem().Alerts.Select(static a => a.Violation.Detail).ShouldBe(["a", "c"]);
        (await delivery.DeliverAsync(TestContext.Current.CancellationToken)).ShouldBeFalse();
        delivery.Status.ShouldSatisfyAllConditions(static s => s.Sent.ShouldBe(2), static s => s.Waiting.ShouldBe(0));
    }

    [Fact]
    public async Task A_receiver_that_is_down_is_asked_again_with_growing_pauses_and_misses_nothing()
    {
        using var channel = new FakeChannel();
        for (var i = 0; i < 4; i++)
        {
            channel.Faults.Enqueue(new("connection refused"));
        }

        var delivery = Delivery(channel);
        _journal.Append([Violations.Alert("a", 1, Mine)]);
        var sending = delivery.DeliverAsync(TestContext.Current.CancellationToken);
        foreach (var pause in new[] { 1, 2, 4, 8 })
        {
            channel.Taken.ShouldBeEmpty();
            delivery.Status.Problem.ShouldBe("connection refused");
            var asked = channel.Asked;
            _time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            channel.Asked.ShouldBe(asked, $"not before {pause} s");
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await WaitAsync(() => channel.Asked == asked + 1);
        }

        await sending;
        channel.Taken.ShouldHaveSingleItem();
        delivery.Status.Problem.ShouldBeNull();
        _said.ShouldBe(["alerts don't reach fake: connection refused", "alerts reach fake again"], "not once for each try");
    }

    [Fact]
    public async Task What_the_receiver_asks_for_is_waited_but_not_for_ever()
    {
        using var channel = new FakeChannel();
        channel.Faults.Enqueue(new("429") { RetryAfter = TimeSpan.FromDays(30) });
        var delivery = Delivery(channel);
        _journal.Append([Violations.Alert("a", 1, Mine)]);
        var sending = delivery.DeliverAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        channel.Asked.ShouldBe(1);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await sending;
        channel.Taken.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_is_refused_for_good_holds_up_nothing_and_is_counted()
    {
        using var channel = new FakeChannel { MaxBatch = 1 };
        channel.Faults.Enqueue(new("400") { IsFinal = true });
        var delivery = Delivery(channel);
        _journal.Append([Violations.Alert("a", 1, Mine), Violations.Alert("b", 1, Mine)]);
        await delivery.DeliverAsync(TestContext.Current.CancellationToken);
        await delivery.DeliverAsync(TestContext.Current.CancellationToken);
        channel.Taken.ShouldHaveSingleItem().Alerts[0].Violation.Detail.ShouldBe("b");
        delivery.Status.ShouldSatisfyAllConditions(static s => s.Refused.ShouldBe(1), static s => s.Sent.ShouldBe(1));
    }

    [Fact]
    public async Task After_a_restart_it_goes_on_where_it_was()
    {
        using var channel = new FakeChannel();
        _journal.Append([Violations.Alert("before anybody listened", 1, Mine)]);
        await Delivery(channel).DeliverAsync(TestContext.Current.CancellationToken);
        channel.Taken.ShouldBeEmpty("an old journal is no news to a new receiver");
        _journal.Append([Violations.Alert("a", 1, Mine)]);
        await Delivery(channel).DeliverAsync(TestContext.Current.CancellationToken);
        _journal.Append([Violations.Alert("b", 1, Mine)]);
        await Delivery(channel).DeliverAsync(TestContext.Current.CancellationToken);
        channel.Taken.SelectMany(static b => b.Alerts).Select(static a => a.Violation.Detail).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task What_was_lost_meanwhile_is_told_with_the_next()
    {
        using var channel = new FakeChannel();
        var delivery = Delivery(channel);
        using var small = AlertJournal.Open(Directory.CreateDirectory(Path.Combine(_folder.Path, "small")).FullName, 1 << 16, static (_, _) => { });
        var behind = new AlertDelivery(channel, small, AlertCursor.Open(Path.Combine(_folder.Path, "behind.cursor"), small), _time, static () => 1, static (_, _) => { });
        for (var i = 0; i < 3_000; i++)
        {
            small.Append([Violations.Alert(new string('x', 500), 1, Mine)]);
        }

        await behind.DeliverAsync(TestContext.Current.CancellationToken);
        channel.Taken[0].Lost.ShouldBeGreaterThan(0);
        (channel.Taken[0].Lost + channel.Taken[0].Alerts.Count).ShouldBe(channel.Taken[0].Alerts[^1].Seq);
        behind.Status.Lost.ShouldBe(channel.Taken[0].Lost);
        delivery.Status.Lost.ShouldBe(0);
    }

    private AlertDelivery Delivery(FakeChannel channel) =>
        new(channel, _journal, AlertCursor.Open(Path.Combine(_folder.Path, "fake.cursor"), _journal), _time, static () => 1, (_, text) => _said.Add(text));

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
