using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

public sealed class RequestCountTrackerTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private static readonly long s_start = new DateTime(2026, 11, 21, 7, 36, 0, DateTimeKind.Utc).Ticks;

    private readonly RequestCountTracker _tracker = new();

    [Theory]
    [InlineData("logs/traefik.clf.log")]
    [InlineData("logs/traefik-v3.jsonl")]
    public void True_lines_are_in_step(string file) => Suspects(file, 0).ShouldBeEmpty();

    [Theory]
    [InlineData(50)]
    [InlineData(300)]
    public void A_log_may_begin_anywhere(int skip) => Suspects("logs/traefik.clf.log", skip).ShouldBeEmpty();

    [Fact]
    public void The_forged_lines_of_a_recorded_attack_are_suspect()
    {
        // Lines 90, 92, 94 and 96 were forged with RequestCount 7. 91, 93, 95 and 97 are the rest of the same records, with
        // the true count and the address of a victim. 99 is 90 once more.
        Suspects("awkward/access.log", 0).ShouldBe([90, 91, 92, 93, 94, 95, 96, 97, 99]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(89)]
    [InlineData(5_000)]
    [InlineData(long.MaxValue)]
    public void A_count_out_of_step_is_suspect_and_so_is_its_neighbour(long count)
    {
        Run(1, 90).ShouldBe(0);
        Feed(count, 90).ShouldBeTrue();
        Feed(91, 90).ShouldBeTrue();
        Feed(92, 90).ShouldBeFalse();
    }

    [Fact]
    public void A_line_that_ended_long_before_its_neighbours_is_suspect()
    {
        // Begun in the middle of the log: 7 was never seen.
        Run(60, 90).ShouldBe(0);
        _tracker.IsSuspect(7, s_start - 900 * Second, 1_000_000).ShouldBeTrue();
    }

    [Fact]
    public void A_long_request_is_not_suspect()
    {
        Run(1, 10).ShouldBe(0);
        Run(12, 50_000).ShouldBe(0);

        // RequestCount 11 was a WebSocket that lasted until now.
        _tracker.IsSuspect(11, At(11), (At(50_000) - At(11)) * 100).ShouldBeFalse();
        _tracker.IsSuspect(11, At(11), (At(50_000) - At(11)) * 100).ShouldBeTrue();
    }

    [Fact]
    public void A_late_count_with_the_time_of_now_is_suspect()
    {
        Run(1, 10_000).ShouldBe(0);
        Run(10_002, 50_000).ShouldBe(0);
        Feed(10_001, 50_000).ShouldBeTrue();
    }

    [Fact]
    public void After_a_restart_lines_are_in_step_again_soon()
    {
        Run(1, 5_000).ShouldBe(0);
        var suspects = 0;
        for (var i = 1; i <= 1000; i++)
        {
            suspects += Feed(i, 5_000 + i) ? 1 : 0;
        }

        suspects.ShouldBeInRange(1, 40);
    }

    [Fact]
    public void A_log_of_errors_only_has_gaps()
    {
        var random = new Random(3);
        long count = 1;
        var suspects = 0;
        for (var i = 0; i < 3_000; i++)
        {
            count += random.Next(1, 200);
            suspects += Feed(count, count) ? 1 : 0;
        }

        suspects.ShouldBe(0);
    }

    [Fact]
    public void A_forged_count_far_ahead_does_not_spoil_what_follows()
    {
        Run(1, 100).ShouldBe(0);
        Feed(1_000_000, 100).ShouldBeTrue();
        Feed(101, 101).ShouldBeTrue();
        Run(102, 1_000).ShouldBe(0);
    }

    [Fact]
    public void A_forged_time_far_ahead_does_not_spoil_what_follows()
    {
        Run(1, 100).ShouldBe(0);
        _tracker.IsSuspect(101, s_start, 3_600_000L * 1_000_000);
        Run(102, 1_000).ShouldBe(0);
    }

    [Fact]
    public void A_burst_of_forged_lines_is_found_out_when_the_true_ones_go_on()
    {
        Run(1, 5_000).ShouldBe(0);
        for (var i = 1; i <= 500; i++)
        {
            Feed(i, 5_000);
        }

        var suspects = 0;
        for (var i = 5_001; i <= 5_500; i++)
        {
            suspects += Feed(i, i) ? 1 : 0;
        }

        // The second attempt has to be four times as long to be believed.
        suspects.ShouldBeLessThan(10);
        for (var i = 1; i <= 100; i++)
        {
            Feed(i, 5_500).ShouldBeTrue();
        }
    }

    [Fact]
    public void A_line_without_count_says_nothing() => _tracker.IsSuspect(-1, s_start, 0).ShouldBeFalse();

    private int Run(int from, int to)
    {
        var suspects = 0;
        for (var i = from; i <= to; i++)
        {
            suspects += Feed(i, i) ? 1 : 0;
        }

        return suspects;
    }

    // A hundred requests a second, written like CLF does: whole seconds.
    private bool Feed(long count, long moment) => _tracker.IsSuspect(count, At(moment), 1_000_000);

    private static long At(long moment) => s_start + moment / 100 * Second;

    private List<int> Suspects(string file, int skip)
    {
        var parser = new LineParser(ClientResolver.Direct);
        List<int> suspects = [];
        var number = skip;
        foreach (var line in ParsedLine.Lines(file).Skip(skip))
        {
            number++;
            if (parser.TryParse(line, out var e, out _) && _tracker.IsSuspect(e.RequestCount, e.Time, e.DurationNs))
            {
                suspects.Add(number);
            }
        }

        return suspects;
    }
}
