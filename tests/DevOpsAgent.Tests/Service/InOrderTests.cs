using DevOpsAgent.Service;
using Shouldly;

namespace DevOpsAgent.Tests.Service;

public sealed class InOrderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Pieces_of_many_threads_are_acted_on_in_order_and_one_at_a_time(int ahead)
    {
        const int Pieces = 5000;
        var seen = new List<int>(); // without a lock: two at a time would tear it
        var order = new InOrder<int>(seen.Add, ahead);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (Interlocked.Increment(ref next) is < Pieces and var number)
            {
                order.Give(number, number).ShouldBeTrue();
            }
        })));
        seen.ShouldBe(Enumerable.Range(0, Pieces));
    }

    [Fact]
    public async Task A_stop_lets_go_whoever_waits_for_a_piece_that_never_comes()
    {
        var acted = 0;
        var order = new InOrder<int>(_ => acted++, ahead: 0);
        var waiting = Task.Run(() => order.Give(1, 1), TestContext.Current.CancellationToken);
        order.Stop();
        (await waiting).ShouldBeFalse();
        order.Give(0, 0).ShouldBeFalse();
        acted.ShouldBe(0);
    }
}
