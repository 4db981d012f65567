using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Store;

public sealed class SqliteStoreTests : StoreTests
{
    private readonly TemporaryDirectory _directory = new();

    public override void Dispose()
    {
        base.Dispose();
        _directory.Dispose();
    }

    private protected override IStore Open() => new SqliteStore(_directory.File("agent.db"));
}
