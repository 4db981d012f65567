using DevOpsAgent.Detection;

namespace DevOpsAgent.Tests.Detection;

public sealed class ConditionWindowTests
{
    /// <summary>Against a reference that remembers everything: same answer after each event, with times out of order.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    [InlineData(false, 7)]
    public void Holds_exactly_when_the_window_holds_enough(bool distinct, int atLeast)
    {
        var kind = distinct ? CountKind.DistinctPaths : CountKind.Events;
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var within = TimeSpan.FromSeconds(60);
            var condition = Condition(kind, atLeast, within);
            var window = new ConditionWindow(0);
            var all = new List<(ulong Key, long Time)>();
            var clock = 1_000_000_000L;
            for (var i = 0; i < 200; i++)
            {
                clock += random.Next(0, random.Next(10) == 0 ? 90 : 15) * TimeSpan.TicksPerSecond;
                var time = clock - random.Next(0, 3) * TimeSpan.TicksPerSecond;
                var key = (ulong)random.Next(1, 9);
                window.Add(key, time, condition);
                all.Add((kind == CountKind.Events ? (ulong)i : key, time));

                var expected = all.GroupBy(e => e.Key).Count(g => g.Max(e => e.Time) >= time - within.Ticks) >= atLeast;
                (window.CountAt(time, within.Ticks) >= atLeast).ShouldBe(expected, $"seed {seed}, event {i}");
            }
        }
    }

    [Fact]
    public void A_clock_that_jumps_ahead_neither_fires_nor_wedges()
    {
        var within = TimeSpan.FromMinutes(10);
        var condition = Condition(CountKind.DistinctPaths, 3, within);
        var window = new ConditionWindow(0);
        var now = new DateTime(2026, 11, 21, 8, 0, 0, DateTimeKind.Utc).Ticks;
        window.Add(1, now, condition);
        window.Add(2, now + 1, condition);
        window.Add(3, now + TimeSpan.FromDays(400).Ticks, condition);
        window.CountAt(now + TimeSpan.FromDays(400).Ticks, within.Ticks).ShouldBe(1);
        window.Add(4, now + 2, condition);
        window.CountAt(now + 2, within.Ticks).ShouldBe(3);
    }

    [Fact]
    public void Keeps_no_more_than_it_needs()
    {
        var condition = Condition(CountKind.Events, 50, TimeSpan.FromHours(1));
        var window = new ConditionWindow(0);
        for (var i = 0; i < 10_000; i++)
        {
            window.Add((ulong)i, i, condition);
        }

        window.Count.ShouldBe(50);
        window.Bytes.ShouldBeLessThanOrEqualTo(ConditionWindow.BaseBytes + 50 * 16);
    }

    private static CompiledCondition Condition(CountKind kind, int atLeast, TimeSpan within) =>
        new(0, 0, new() { Where = new(), Count = kind, AtLeast = atLeast, Within = within }, -1);
}
