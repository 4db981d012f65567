namespace DevOpsAgent.LogStore.Disk;

/// <summary>Columns in memory, up to so many bytes: those that were asked for longest ago go first.</summary>
internal sealed class ColumnCache(long capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(object Owner, string Name), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _order = [];

    public long Capacity => capacity;

    public long Bytes { get; private set; }

    public T? Find<T>(object owner, string name)
        where T : class
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue((owner, name), out var node))
            {
                return null;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            return (T)node.Value.Column;
        }
    }

    public void Add(object owner, string name, object column, long bytes)
    {
        lock (_lock)
        {
            if (_entries.ContainsKey((owner, name)))
            {
                return;
            }

            _entries[(owner, name)] = _order.AddFirst(new Entry(owner, name, column, bytes));
            Bytes += bytes;
            while (Bytes > capacity && _order.Last is { } last && _order.Count > 1)
            {
                Drop(last);
            }
        }
    }

    public void Forget(object owner)
    {
        lock (_lock)
        {
            foreach (var node in _entries.Values.Where(n => n.Value.Owner == owner).ToList())
            {
                Drop(node);
            }
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _order.Remove(node);
        _entries.Remove((node.Value.Owner, node.Value.Name));
        Bytes -= node.Value.Bytes;
    }

    private sealed record Entry(object Owner, string Name, object Column, long Bytes);
}
