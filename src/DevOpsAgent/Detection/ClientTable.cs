using System.Security.Cryptography;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Detection;

/// <summary>
/// All clients that are remembered, within two caps (number and bytes). When one is exceeded, the client goes that was
/// quiet longest among the least suspicious, so a flood of harmless addresses can't make the table forget a scanner.
/// </summary>
internal sealed class ClientTable(DetectionConfig config)
{
    private readonly Dictionary<ClientAddress, ClientState> _clients = new(new SeededComparer());
    private readonly ClientState?[] _newest = new ClientState?[3];
    private readonly ClientState?[] _oldest = new ClientState?[3];
    private readonly List<ClientAddress> _forgotten = [];
    private readonly HashSet<ClientState> _dirty = [];

    public int Count => _clients.Count;

    /// <summary>Estimate of the memory held, bytes.</summary>
    public long Bytes { get; private set; }

    public long Evicted { get; private set; }

    public ClientState? Find(ClientAddress client) => _clients.GetValueOrDefault(client);

    public ClientState GetOrAdd(ClientAddress client)
    {
        if (!_clients.TryGetValue(client, out var state))
        {
            state = new ClientState(client);
            Add(state);
        }
        else if (!ReferenceEquals(_newest[(int)state.Tier], state))
        {
            Unlink(state);
            Link(state);
        }

        if (!state.Dirty)
        {
            state.Dirty = true;
            _dirty.Add(state);
        }

        return state;
    }

    /// <summary>Puts a restored client in; it replaces one of the same address.</summary>
    public void Add(ClientState state)
    {
        if (_clients.Remove(state.Address, out var old))
        {
            Forget(old);
        }

        _clients[state.Address] = state;
        Bytes += state.Bytes;
        Link(state);
        Trim(state);
    }

    /// <summary>After a request that may have changed the client's size or suspicion.</summary>
    public void Update(ClientState state, SuspicionTier tier)
    {
        var before = state.Bytes;
        state.Weigh();
        Bytes += state.Bytes - before;
        if (tier > state.Tier)
        {
            Unlink(state);
            state.Tier = tier;
            Link(state);
        }

        Trim(state);
    }

    /// <summary>Clients changed since the last call.</summary>
    public IReadOnlyList<ClientState> TakeDirty()
    {
        var dirty = _dirty.ToArray();
        _dirty.Clear();
        foreach (var state in dirty)
        {
            state.Dirty = false;
            state.Stored = true;
        }

        return dirty;
    }

    /// <summary>Clients evicted since the last call, of those that were handed out to be stored.</summary>
    public IReadOnlyList<ClientAddress> TakeForgotten()
    {
        var forgotten = _forgotten.Where(c => !_clients.ContainsKey(c)).ToArray();
        _forgotten.Clear();
        return forgotten;
    }

    private void Trim(ClientState keep)
    {
        while (_clients.Count > config.MaxClients || (Bytes > config.MaxMemory && _clients.Count > 1))
        {
            var victim = _oldest[0] ?? _oldest[1] ?? _oldest[2]!;
            if (ReferenceEquals(victim, keep))
            {
                victim = keep.Newer ?? _oldest.FirstOrDefault(s => s is not null && !ReferenceEquals(s, keep));
                if (victim is null)
                {
                    return;
                }
            }

            _clients.Remove(victim.Address);
            Forget(victim);
            if (victim.Stored)
            {
                _forgotten.Add(victim.Address);
            }

            Evicted++;
        }
    }

    private void Forget(ClientState state)
    {
        Unlink(state);
        Bytes -= state.Bytes;
        _dirty.Remove(state);
        state.Dirty = false;
    }

    private void Link(ClientState state)
    {
        ref var newest = ref _newest[(int)state.Tier];
        state.Older = newest;
        state.Newer = null;
        if (newest is not null)
        {
            newest.Newer = state;
        }

        newest = state;
        _oldest[(int)state.Tier] ??= state;
    }

    private void Unlink(ClientState state)
    {
        var tier = (int)state.Tier;
        if (state.Older is { } older)
        {
            older.Newer = state.Newer;
        }
        else if (ReferenceEquals(_oldest[tier], state))
        {
            _oldest[tier] = state.Newer;
        }

        if (state.Newer is { } newer)
        {
            newer.Older = state.Older;
        }
        else if (ReferenceEquals(_newest[tier], state))
        {
            _newest[tier] = state.Older;
        }

        state.Older = null;
        state.Newer = null;
    }

    /// <summary>Anyone with an IPv6 network could otherwise choose addresses that share a hash and slow the table down.</summary>
    private sealed class SeededComparer : IEqualityComparer<ClientAddress>
    {
        private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

        public bool Equals(ClientAddress x, ClientAddress y) => x.High == y.High && x.Low == y.Low;

        public int GetHashCode(ClientAddress address) => (int)(Hash64.Chain(_seed ^ address.High, address.Low) >> 32);
    }
}
