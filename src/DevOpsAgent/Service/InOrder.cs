using System.Diagnostics.CodeAnalysis;

namespace DevOpsAgent.Service;

/// <summary>
/// Several threads make pieces, and one at a time does something with them in the order of their numbers, 0 first. Whoever
/// finds nobody at it does so for all that wait; the others make the next piece meanwhile, up to a few ahead.
/// </summary>
internal sealed class InOrder<T>(Action<T> act, int ahead)
{
    private readonly object _gate = new();
    private readonly Dictionary<long, T> _waiting = [];
    private long _next;
    private bool _busy;
    private bool _stopped;

    /// <summary>Gives a piece; may act on it and on others. False: another thread failed or was cancelled.</summary>
    public bool Give(long number, T piece)
    {
        lock (_gate)
        {
            _waiting.Add(number, piece);
        }

        while (TryTake(out var mine))
        {
            act(mine);
            lock (_gate)
            {
                _next++;
                _busy = false;
                Monitor.PulseAll(_gate);
            }
        }

        lock (_gate)
        {
            return !_stopped;
        }
    }

    /// <summary>No piece is taken any more; whoever waits returns.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    private bool TryTake([MaybeNullWhen(false)] out T piece)
    {
        lock (_gate)
        {
            while (!_stopped)
            {
                if (!_busy && _waiting.Remove(_next, out piece))
                {
                    _busy = true;
                    return true;
                }

                // The thread with the next number never waits here: it takes that one.
                if (_waiting.Count <= ahead)
                {
                    break;
                }

                Monitor.Wait(_gate);
            }

            piece = default;
            return false;
        }
    }
}
