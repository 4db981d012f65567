using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

public sealed class CircuitBreakersTests
{
    private static readonly BreakerPolicy Policy = new() { Violations = 3, Within = TimeSpan.FromMinutes(1), OpenFor = TimeSpan.FromMinutes(5) };

    private readonly FakeTime _time = new();
    private readonly CircuitBreakers _breakers;

    public CircuitBreakersTests() => _breakers = new(_time);

    [Fact]
    public void It_opens_with_the_nth_violation_in_time_once_and_for_its_process_alone()
    {
        Count().ShouldBeFalse();
        Count().ShouldBeFalse();
        _breakers.IsOpen("app").ShouldBeFalse();
        Count().ShouldBeTrue();
        _breakers.IsOpen("app").ShouldBeTrue();
        Count().ShouldBeFalse("it is open already");
        _breakers.IsOpen("other").ShouldBeFalse();
        _breakers.Status.ShouldHaveSingleItem().ShouldSatisfyAllConditions(static s => s.State.ShouldBe("open"), static s => s.Violations.ShouldBe(4), static s => s.Opened.ShouldBe(1));
    }

    [Fact]
    public void Slow_violations_never_open_it()
    {
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(31));
            Count().ShouldBeFalse();
        }
    }

    [Fact]
    public void It_closes_after_a_quiet_time_and_each_violation_begins_that_anew()
    {
        Open();
        _time.Advance(TimeSpan.FromMinutes(4));
        Count();
        _time.Advance(TimeSpan.FromMinutes(4));
        _breakers.Close().ShouldBeEmpty();
        _time.Advance(TimeSpan.FromMinutes(1));
        _breakers.Close().ShouldBe(["app"]);
        _breakers.IsOpen("app").ShouldBeFalse();
        Count().ShouldBeFalse("it counts from nothing");
        Open();
    }

    [Fact]
    public void What_an_opening_tells_is_a_critical_violation_of_its_own_kind() =>
        CircuitBreakers.Opening(Violations.Of("blocked syscall: ptrace"), Policy).ShouldSatisfyAllConditions(
            static v => v.Severity.ShouldBe("CRITICAL"),
            static v => v.Type.ShouldBe("breaker"),
            static v => v.Detail.ShouldBe("circuit breaker opened: 3 violations within 60 s, the last: blocked syscall: ptrace"));

    private bool Count() => _breakers.Count("app", Policy);

    private void Open()
    {
        while (!Count())
        {
            // until it opens
        }
    }
}
