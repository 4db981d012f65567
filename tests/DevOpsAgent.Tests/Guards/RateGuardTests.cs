using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Tests.Blocking;

namespace DevOpsAgent.Tests.Guards;

public sealed class RateGuardTests
{
    private readonly ManualTime _time = new();
    private readonly RateGuard _guard;

    public RateGuardTests() => _guard = new(new() { Calls = 3, Per = TimeSpan.FromMinutes(1) }, _time);

    [Fact]
    public void A_caller_in_a_loop_is_stopped_and_others_are_not()
    {
        Enumerable.Range(0, 5).Select(_ => Ask("model m").Verdict).ShouldBe([Verdict.Allow, Verdict.Allow, Verdict.Allow, Verdict.Deny, Verdict.Deny]);
        Ask("model m").Code.ShouldBe("too_many_calls");
        Ask("model m").Text.ShouldContain("3 calls in 1m (guards.rate)");
        Ask("service").Verdict.ShouldBe(Verdict.Allow);
        _time.Advance(TimeSpan.FromSeconds(20));
        Ask("model m").Verdict.ShouldBe(Verdict.Allow);
        Ask("model m").Verdict.ShouldBe(Verdict.Deny);
    }

    [Fact]
    public void A_call_that_asks_for_many_things_is_one_call() =>
        Enumerable.Range(0, 200).Select(place => Ask("service", place)).ShouldAllBe(static d => d.Verdict == Verdict.Allow);

    [Fact]
    public void Names_without_end_do_not_fill_the_memory_and_do_not_free_the_one_that_loops()
    {
        while (Ask("model m").Verdict == Verdict.Allow)
        {
        }

        for (var i = 0; i < 3 * RateGuard.MaxAgents; i++)
        {
            Ask($"person {i}").Verdict.ShouldBe(Verdict.Allow);
        }

        Ask("model m").Verdict.ShouldBe(Verdict.Deny);
    }

    private GuardDecision Ask(string agent, int place = 0) =>
        _guard.EvaluateAsync(new(new NoteTool(), new NoteRequest(""), default, new(agent, "x", "test", CallerKind.Model), null, default) { Place = place }, CancellationToken.None).AsTask().Result;
}
