using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

public sealed class FormatTrackerTests
{
    private readonly FormatTracker _tracker = new();

    [Fact]
    public void A_log_in_one_format_keeps_its_trust()
    {
        _tracker.Observe(LogFormat.Json, 1).ShouldBe(LogEventFlags.None);
        _tracker.Observe(LogFormat.Json, -1).ShouldBe(LogEventFlags.None);
        new FormatTracker().Observe(LogFormat.Clf, 1).ShouldBe(LogEventFlags.None);
        new FormatTracker().Observe(LogFormat.GenericClf, -1).ShouldBe(LogEventFlags.None);
    }

    [Fact]
    public void A_json_line_in_a_clf_log_may_be_forged()
    {
        _tracker.Observe(LogFormat.Clf, 1);
        for (var i = 0; i < FormatTracker.Believed; i++)
        {
            _tracker.Observe(LogFormat.Json, 2).ShouldBe(LogEventFlags.Forgeable);
        }

        // Traefik was switched to JSON: no request is that long.
        _tracker.Observe(LogFormat.Json, 2).ShouldBe(LogEventFlags.None);
        _tracker.Observe(LogFormat.Clf, 3);
        _tracker.Observe(LogFormat.Json, 4).ShouldBe(LogEventFlags.Forgeable);
    }

    [Theory]
    [InlineData((int)LogFormat.GenericClf)]
    [InlineData((int)LogFormat.Clf)]
    public void A_line_without_count_among_counted_ones_is_suspect(int format)
    {
        _tracker.Observe(LogFormat.Clf, 1);
        _tracker.Observe((LogFormat)format, -1).ShouldBe(LogEventFlags.Suspect);
    }
}
