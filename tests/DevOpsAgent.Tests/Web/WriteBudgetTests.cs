using DevOpsAgent.App.Web;

namespace DevOpsAgent.Tests.Web;

public sealed class WriteBudgetTests
{
    [Fact]
    public void Sixty_at_once_then_ten_a_second()
    {
        var time = new FakeTime();
        var budget = new WriteBudget(time);
        Enumerable.Range(0, 100).Count(_ => budget.TryTake()).ShouldBe(60);
        time.Advance(TimeSpan.FromSeconds(1));
        Enumerable.Range(0, 100).Count(_ => budget.TryTake()).ShouldBe(10);
        time.Advance(TimeSpan.FromHours(1));
        Enumerable.Range(0, 100).Count(_ => budget.TryTake()).ShouldBe(60);
    }
}
