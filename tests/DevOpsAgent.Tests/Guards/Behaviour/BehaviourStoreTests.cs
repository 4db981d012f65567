using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Store;

namespace DevOpsAgent.Tests.Guards.Behaviour;

/// <summary>What each store of profiles does.</summary>
public abstract class BehaviourStoreTests : IDisposable
{
    private static readonly DateTimeOffset s_at = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private protected abstract IBehaviourStore Store { get; }

    public abstract void Dispose();

    [Fact]
    public void Rows_read_back_newest_first()
    {
        Store.Load().ShouldBeEmpty();
        Store.Save([Row("a\u202e\0'", 0, 1), Row("b", 0, 2)], []).ShouldBeEmpty();
        var rows = Store.Load();
        rows.Select(static r => (r.Agent, r.Version, r.LastSeen)).ShouldBe([("b", 1, s_at.AddMinutes(2)), ("a\u202e\0'", 1, s_at.AddMinutes(1))]);
        rows[0].State.ShouldBe([1, 2, 2]);
    }

    [Fact]
    public void Who_saves_over_another_is_told_so()
    {
        Store.Save([Row("a", 0, 1)], []);
        Store.Save([Row("a", 1, 2), Row("b", 0, 3)], []).ShouldBeEmpty();
        Store.Save([Row("a", 1, 9), Row("b", 0, 9), Row("gone", 4, 9)], []).ShouldBe(["a", "b", "gone"]);
        Store.Load().Select(static r => (r.Agent, r.Version, r.LastSeen)).ShouldBe([("b", 1, s_at.AddMinutes(3)), ("a", 2, s_at.AddMinutes(2))]);
    }

    [Fact]
    public void Evicted_agents_go_and_are_counted()
    {
        Store.Save([Row("a", 0, 1), Row("b", 0, 1)], []);
        Store.Save([Row("c", 0, 1), Row("b", 0, 2)], ["a", "b", "never stored"]).ShouldBeEmpty();
        Store.Load().Select(static r => r.Agent).ShouldBe(["b", "c"]);
        Store.Evictions().ShouldBe(3);
    }

    [Fact]
    public void A_reset_forgets_one_or_all_and_is_counted()
    {
        Store.Save([Row("a", 0, 1), Row("b", 0, 1), Row("c", 0, 1)], []);
        Store.Resets().ShouldBe(0);
        Store.Reset("a").ShouldBe(1);
        Store.Reset("a").ShouldBe(0);
        Store.Reset(null).ShouldBe(2);
        Store.Resets().ShouldBe(3);
        Store.Load().ShouldBeEmpty();
    }

    private static BehaviourRow Row(string agent, long version, int minute) => new(agent, [1, 2, (byte)minute], version, s_at.AddMinutes(minute));
}

public sealed class MemoryBehaviourStoreTests : BehaviourStoreTests
{
    private protected override IBehaviourStore Store { get; } = new MemoryBehaviourStore();

    public override void Dispose() => GC.SuppressFinalize(this);
}

public sealed class SqliteBehaviourTests : BehaviourStoreTests
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SqliteStore _store;

    public SqliteBehaviourTests() => _store = new(_directory.File("agent.db"));

    private protected override IBehaviourStore Store => _store.Behaviour;

    public override void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_profile_goes_through_a_real_restart()
    {
        using var world = new BehaviourWorld(store: Store);
        for (var i = 0; i < 10; i++)
        {
            world.Window(8, denied: 2, tools: 3);
        }

        world.Profiles.Dispose();
        _store.Dispose();
        using var reopened = new SqliteStore(_directory.File("agent.db"));
        using var after = new BehaviourWorld(store: reopened.Behaviour) { Time = world.Time };
        after.Usual().Mean.ShouldBe(8);
        after.Usual(BehaviourMetric.DenyRate).Mean.ShouldBe(0.25);
        after.Usual().Count.ShouldBe(10);
    }
}
