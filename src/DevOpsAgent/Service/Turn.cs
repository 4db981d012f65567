namespace DevOpsAgent.Service;

/// <summary>Lets several threads do one thing in the order of their numbers, 0 first.</summary>
internal sealed class Turn
{
    private readonly object _gate = new();
    private long _next;
    private bool _stopped;

    /// <summary>Waits for its turn. False: another one failed or was cancelled.</summary>
    public bool Wait(long number)
    {
        lock (_gate)
        {
            while (!_stopped && _next != number)
            {
                Monitor.Wait(_gate);
            }

            return !_stopped;
        }
    }

    public void Next()
    {
        lock (_gate)
        {
            _next++;
            Monitor.PulseAll(_gate);
        }
    }

    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }
}
