namespace DevOpsAgent.Guards.Receipts;

/// <summary>The chain in memory, for the demo, replays and tests: gone with the process, and growing as long as it lives. Thread safe.</summary>
internal sealed class MemoryReceiptStore : IReceiptStore
{
    private readonly Lock _gate = new();
    private readonly List<ChainEntry> _entries = [];
    private readonly Dictionary<string, int> _byId = new(StringComparer.Ordinal);

    // Read from the bodies when somebody asks: appending stays cheap.
    private readonly List<EntryBody?> _bodies = [];
    private readonly SortedSet<long> _open = [];
    private int _firstUnsigned;

    public IReadOnlyList<ChainEntry> Append(Func<long, string, IReadOnlyList<ChainEntry>> make)
    {
        lock (_gate)
        {
            var made = make(_entries.Count, _entries.Count == 0 ? ChainTail.NoPrevious : _entries[^1].Id);
            for (var i = 0; i < made.Count; i++)
            {
                if (made[i].Seq != _entries.Count + 1)
                {
                    throw new ArgumentException($"Entry {made[i].Seq} doesn't follow {_entries.Count}.", nameof(make));
                }

                _byId.Add(made[i].Id, _entries.Count);
                _entries.Add(made[i]);
            }

            return made;
        }
    }

    public void Sign(IReadOnlyList<ChainEntry> signed)
    {
        lock (_gate)
        {
            foreach (var entry in signed)
            {
                var at = (int)entry.Seq - 1;
                if (_entries[at].Id == entry.Id && _entries[at].Signature is null)
                {
                    _entries[at] = entry;
                }
            }
        }
    }

    public ChainEntry? Get(long seq)
    {
        lock (_gate)
        {
            return seq >= 1 && seq <= _entries.Count ? _entries[(int)seq - 1] : null;
        }
    }

    public ChainEntry? Find(string id)
    {
        lock (_gate)
        {
            return _byId.TryGetValue(id, out var at) ? _entries[at] : null;
        }
    }

    public IEnumerable<ChainEntry> Read(long from)
    {
        for (var next = Math.Max(1, from); Get(next) is { } entry; next++)
        {
            yield return entry;
        }
    }

    public IReadOnlyList<ChainEntry> List(ReceiptQuery query, out int total)
    {
        lock (_gate)
        {
            Index();
            var found = new List<ChainEntry>();
            for (var i = _entries.Count - 1; i >= 0; i--)
            {
                if (_bodies[i] is { } body && Matches(body, query))
                {
                    found.Add(_entries[i]);
                }
            }

            total = found.Count;
            return [.. found.Skip(query.Offset).Take(query.Limit)];
        }
    }

    public IReadOnlyList<ChainEntry> OpenIntents()
    {
        lock (_gate)
        {
            Index();
            return [.. _open.Select(seq => _entries[(int)seq - 1])];
        }
    }

    public IReadOnlyList<ChainEntry> Unsigned(int limit)
    {
        lock (_gate)
        {
            while (_firstUnsigned < _entries.Count && _entries[_firstUnsigned].Signature is not null)
            {
                _firstUnsigned++;
            }

            var found = new List<ChainEntry>();
            for (var i = _firstUnsigned; i < _entries.Count && found.Count < limit; i++)
            {
                if (_entries[i].Signature is null)
                {
                    found.Add(_entries[i]);
                }
            }

            return found;
        }
    }

    private void Index()
    {
        for (var i = _bodies.Count; i < _entries.Count; i++)
        {
            var body = EntryReader.TryRead(_entries[i].Body, out var read) ? read : null;
            _bodies.Add(body);
            if (body?.Intent is not null)
            {
                _open.Add(i + 1);
            }
            else if (body?.Receipt is { } receipt)
            {
                _open.Remove(receipt.Intent);
            }
        }
    }

    private bool Matches(EntryBody body, ReceiptQuery query)
    {
        var (tool, agent, incident) = body switch
        {
            { Receipt: { } r } => (r.Tool, r.Caller.Agent, r.IncidentId),
            { Intent: { } i } when _open.Contains(body.Seq) => (i.Tool, i.Caller.Agent, i.IncidentId),
            _ => (null, null, null),
        };
        return tool is not null
            && (query.Tool is null || query.Tool == tool)
            && (query.Agent is null || query.Agent == agent)
            && (query.IncidentId is null || query.IncidentId == incident)
            && (query.Decision is null || query.Decision == body.Receipt?.Decision)
            && (query.Since is null || body.At >= query.Since);
    }
}
