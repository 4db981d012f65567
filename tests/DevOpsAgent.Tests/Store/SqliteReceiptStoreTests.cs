using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Guards.Receipts;

namespace DevOpsAgent.Tests.Store;

public sealed class SqliteReceiptStoreTests : ReceiptStoreTests
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SqliteStore _store;

    public SqliteReceiptStoreTests() => _store = new(_directory.File("agent.db"));

    private protected override IReceiptStore Store => _store.Receipts;

    public override void Dispose()
    {
        base.Dispose();
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void An_intent_has_one_receipt()
    {
        using var keys = DevOpsAgent.Signing.KeyRing.InMemory(TimeProvider.System);
        using var journal = new ReceiptJournal(Store, keys, TimeProvider.System);
        var intent = SampleCall.Intent();
        var seq = journal.Begin([intent])[0];
        journal.End([SampleCall.Receipt(seq, intent)]);
        Should.Throw<StoreException>(() => journal.End([SampleCall.Receipt(seq, intent)]));
        journal.Call().Seq.ShouldBe(4);
    }
}
