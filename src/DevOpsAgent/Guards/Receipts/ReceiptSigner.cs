using System.Security.Cryptography;
using System.Threading.Channels;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// Signs entries shortly after they were chained, in order, off the path of the call: a signature takes longer than all else of
/// it. Also signs what a crash left unsigned, if it was appended by a holder of the keys.
/// </summary>
internal sealed class ReceiptSigner : IDisposable
{
    private const int Batch = 512;

    /// <summary>Entries that come within this time share one transaction.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _signing = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly IReceiptStore _store;
    private readonly KeyRing _keys;
    private readonly TimeProvider _time;
    private readonly ReceiptAnchor? _anchor;
    private readonly Task _running;
    private bool _rolledBack;

    public ReceiptSigner(IReceiptStore store, KeyRing keys, TimeProvider time, ReceiptAnchor? anchor)
    {
        (_store, _keys, _time, _anchor) = (store, keys, time, anchor);
        Wake();
        _running = Task.Run(RunAsync);
    }

    /// <summary>Why signing is behind, for people; null: it isn't.</summary>
    public string? Problem { get; private set; }

    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Signs all that can be signed now. Throws <see cref="StoreException"/> or <see cref="KeyException"/>.</summary>
    public void Flush()
    {
        lock (_signing)
        {
            _keys.Refresh();
            var strangers = 0;
            while (_store.Unsigned(Batch) is { Count: > 0 } unsigned)
            {
                var signed = new List<ChainEntry>(unsigned.Count);
                foreach (var entry in unsigned)
                {
                    if (IsOurs(entry))
                    {
                        signed.Add(entry with { Signature = _keys.Current.Sign(entry.Body.Span), SignedBy = _keys.Current.Id, Mac = null });
                    }
                }

                strangers = unsigned.Count - signed.Count;
                if (signed.Count == 0)
                {
                    break;
                }

                _store.Sign(signed);
                _rolledBack |= _anchor?.Advance(signed[^1], _store) == false;
            }

            Problem = _rolledBack ? $"The receipts lack some that were signed before: the database was rolled back or replaced ({_anchor!.File}). Run 'devops-agent receipts verify'."
                : strangers == 0 ? null
                : $"{strangers} receipts were not written by a holder of the keys and are not signed: run 'devops-agent receipts verify'.";
        }
    }

    /// <summary>Stops the background work; what is left unsigned is signed by <see cref="Flush"/> or at the next start.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _running.Wait();
        _stop.Dispose();
    }

    private bool IsOurs(ChainEntry entry) =>
        entry.Mac is { } mac && entry.Id.Length == 64
        && CryptographicOperations.FixedTimeEquals(mac, ChainTail.MacOf(_keys, entry.Id))
        && Convert.ToHexStringLower(SHA256.HashData(entry.Body.Span)) == entry.Id;

    private async Task RunAsync()
    {
        try
        {
            while (await _wake.Reader.WaitToReadAsync(_stop.Token))
            {
                await Task.Delay(Gather, _time, _stop.Token);
                _wake.Reader.TryRead(out _);
                try
                {
                    Flush();
                }
                catch (Exception fault) when (fault is StoreException or KeyException)
                {
                    // The entries are stored and chained; they wait for their signatures.
                    Problem = fault.Message;
                    await Task.Delay(RetryAfter, _time, _stop.Token);
                    Wake();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
