namespace DevOpsAgent.Exec;

/// <summary>The last request ids, in bounded memory. Not thread-safe.</summary>
internal sealed class RecentIds(int capacity)
{
    private readonly HashSet<ExecRequestId> _known = new(capacity);
    private readonly Queue<ExecRequestId> _order = new(capacity);

    public bool Contains(ExecRequestId id) => _known.Contains(id);

    /// <summary>The oldest is forgotten for it once all places are taken.</summary>
    public void Add(ExecRequestId id)
    {
        if (!_known.Add(id))
        {
            return;
        }

        if (_order.Count == capacity)
        {
            _known.Remove(_order.Dequeue());
        }

        _order.Enqueue(id);
    }
}
