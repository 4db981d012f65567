using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Cli.ReceiptCommands;

/// <summary>The receipts and the keys that prove them, opened to be looked at: neither is made where it isn't.</summary>
internal sealed class ReceiptBook : IDisposable
{
    private readonly SqliteStore _store;
    private readonly AgentConfig _config;
    private KeyRing? _keys;

    private ReceiptBook(SqliteStore store, AgentConfig config) => (_store, _config) = (store, config);

    public IReceiptStore Receipts => _store.Receipts;

    /// <exception cref="CommandException">There is no database.</exception>
    public static ReceiptBook Open(LoadedConfig loaded) => new((SqliteStore)OperatorDesk.Look(loaded), loaded.Config);

    public string KeysDirectory => _config.Guards.KeysDirectory(_config.Database);

    /// <summary>Null: no agent has made keys there. Throws <see cref="KeyException"/>.</summary>
    public KeyRing? Keys(TimeProvider time) => _keys ??= KeyRing.OpenExisting(KeysDirectory, time);

    public ReceiptAnchor Anchor => ReceiptAnchor.Of(KeysDirectory, _config.Database.Path);

    public void Dispose()
    {
        _keys?.Dispose();
        _store.Dispose();
    }
}
