using DevOpsAgent.Blocking;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Incidents;

namespace DevOpsAgent.Tests.Store;

public sealed class SqliteStoreTests : StoreTests
{
    private readonly TemporaryDirectory _directory = new();

    public override void Dispose()
    {
        base.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Live_blocks_are_seen_whoever_changed_them()
    {
        using var other = Open();
        var first = Store.AddBlock(Sample.Block());
        Store.GetLiveBlocks().ShouldHaveSingleItem();
        var second = other.AddBlock(Sample.Block("203.0.113.8"));
        Store.GetLiveBlocks().Select(static b => b.Id).ShouldBe([first, second]);
        Store.GetLiveBlocks().ShouldBeSameAs(Store.GetLiveBlocks(), "nothing changed in between: nothing is read");
        other.UpdateBlock(first, BlockStatus.Lifted, null, Sample.Start);
        Store.GetLiveBlocks().ShouldHaveSingleItem().Id.ShouldBe(second);
        other.GetLiveBlocks().ShouldHaveSingleItem().Id.ShouldBe(second);
    }

    private protected override IStore Open() => new SqliteStore(_directory.File("agent.db"));
}
