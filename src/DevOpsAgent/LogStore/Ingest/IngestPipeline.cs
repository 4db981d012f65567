using System.Collections.Concurrent;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Ingest;

/// <summary>Reads files fast: the caller's thread makes documents of lines while another one keeps them (and a third writes full segments).</summary>
internal sealed class IngestPipeline : IDisposable
{
    private const int BatchesAhead = 4;

    private readonly LogIngest _ingest;
    private readonly BlockingCollection<LogBatch> _ready = new(BatchesAhead);
    private readonly ConcurrentBag<LogBatch> _free = [];
    private readonly Task _keeping;
    private DslException? _refused;

    public IngestPipeline(LogIngest ingest)
    {
        _ingest = ingest;
        _keeping = Task.Factory.StartNew(Keep, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <exception cref="DslException">The store takes nothing more: its disk is full.</exception>
    public void Add(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            if (Volatile.Read(ref _refused) is { } refused)
            {
                throw refused;
            }

            if (!_free.TryTake(out var batch))
            {
                batch = new();
            }

            batch.Clear();
            lines = _ingest.Prepare(lines, batch);
            _ready.Add(batch);
        }
    }

    /// <summary>Returns once everything is kept.</summary>
    /// <exception cref="DslException">The store takes nothing more: its disk is full.</exception>
    public void Complete()
    {
        _ready.CompleteAdding();
        _keeping.GetAwaiter().GetResult();
        if (_refused is { } refused)
        {
            throw refused;
        }
    }

    private void Keep()
    {
        foreach (var batch in _ready.GetConsumingEnumerable())
        {
            // After a refusal the rest is taken off the caller's hands, and dropped.
            if (_refused is null)
            {
                try
                {
                    _ingest.Keep(batch);
                }
                catch (DslException e)
                {
                    Volatile.Write(ref _refused, e);
                }
            }

            _free.Add(batch);
        }
    }

    public void Dispose()
    {
        if (!_ready.IsAddingCompleted)
        {
            _ready.CompleteAdding();
        }

        _keeping.GetAwaiter().GetResult();
        _ready.Dispose();
    }
}
