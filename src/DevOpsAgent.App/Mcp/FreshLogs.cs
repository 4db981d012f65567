using DevOpsAgent.App.Cli;
using DevOpsAgent.App.Cli.LogCommands;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Mcp;

/// <summary>
/// The logs of a command that runs for long: read at the first search, and again when a file has changed since. A search that is
/// under way keeps what it has.
/// </summary>
internal sealed class FreshLogs(AgentConfig config, string? folder, Terminal terminal) : ILogSearch, IDisposable
{
    /// <summary>Reading a large log takes seconds: a model that asks often doesn't wait for it each time.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _one = new(1);
    private readonly List<OpenLogs> _old = [];
    private OpenLogs? _open;
    private string _seen = "";
    private long _since;

    public string Pattern => LogStoreFeed.IndexPrefix + "-*";

    public async Task<FieldCatalog> FieldsAsync(CancellationToken cancellationToken) => await (await CurrentAsync(cancellationToken)).FieldsAsync(cancellationToken);

    public async Task<DateTimeOffset> NewestAsync(CancellationToken cancellationToken) => await (await CurrentAsync(cancellationToken)).NewestAsync(cancellationToken);

    public async Task<(int Status, byte[] Body)> SearchAsync(CheckedQuery query, CancellationToken cancellationToken) => await (await CurrentAsync(cancellationToken)).SearchAsync(query, cancellationToken);

    public void Dispose()
    {
        _open?.Dispose();
        _old.ForEach(static o => o.Dispose());
        _one.Dispose();
    }

    private async Task<ILogSearch> CurrentAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            // A store's folder is read by one process at a time, and what lies in it doesn't change while we have it.
            if (_open is null || (folder is null && terminal.Time.GetElapsedTime(_since) >= Age && Changed() != _seen))
            {
                var seen = Changed();
                var fresh = OpenLogs.Open(config, folder, terminal, cancellationToken);
                _old.ForEach(static o => o.Dispose());
                _old.Clear();
                if (_open is { } before)
                {
                    _old.Add(before);
                }

                (_open, _seen, _since) = (fresh, seen, terminal.Time.GetTimestamp());
            }

            return new EmbeddedSearch(_open.Catalog, terminal.Time, Pattern);
        }
        catch (CommandException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }
        finally
        {
            _one.Release();
        }
    }

    private string Changed() => string.Join(' ', config.Logs.Where(static l => l.Path != "-").SelectMany(static l => LogFiles.Paths(l.Path)).Select(static f => new FileInfo(f)).Select(static f => f.Exists ? $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}" : f.FullName));
}
