namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>
/// The nodes in turn. One that did not answer is left out for a while and then tried again; when all are left out, the one
/// whose time is over first is asked all the same, so that a cluster that comes back is found. Safe from any thread.
/// </summary>
internal sealed class ElasticNodes(IReadOnlyList<Uri> nodes, TimeSpan deadFor, TimeProvider time)
{
    private const int MostDoublings = 5;

    private readonly Lock _gate = new();
    private readonly int[] _failures = new int[nodes.Count];
    private readonly long[] _deadUntil = new long[nodes.Count];
    private int _next;

    public int Count => nodes.Count;

    /// <summary>How many are left out now.</summary>
    public int Dead
    {
        get
        {
            lock (_gate)
            {
                return _deadUntil.Count(d => d > Now);
            }
        }
    }

    private long Now => time.GetTimestamp();

    public (int Index, Uri Node) Take()
    {
        lock (_gate)
        {
            var now = Now;
            for (var i = 0; i < nodes.Count; i++)
            {
                var at = (_next + i) % nodes.Count;
                if (_deadUntil[at] <= now)
                {
                    _next = at + 1;
                    return (at, nodes[at]);
                }
            }

            var soonest = Array.IndexOf(_deadUntil, _deadUntil.Min());
            _next = soonest + 1;
            return (soonest, nodes[soonest]);
        }
    }

    public void Answered(int index)
    {
        lock (_gate)
        {
            _failures[index] = 0;
            _deadUntil[index] = 0;
        }
    }

    public void Failed(int index)
    {
        lock (_gate)
        {
            var wait = deadFor * (1 << Math.Min(_failures[index]++, MostDoublings));
            _deadUntil[index] = Now + (long)(wait.TotalSeconds * time.TimestampFrequency);
        }
    }
}
