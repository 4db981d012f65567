using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Ebpf.Native;
using DevOpsAgent.Ebpf.Tables;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf;

/// <summary>
/// Policies in the kernel's maps. A reload writes new tables beside those in force and then changes one word per policy, so that each
/// decision is made by the old rules as a whole or by the new ones; then waits until nobody reads the old and removes them.
/// </summary>
internal sealed class KernelTables
{
    private readonly GuardObject _object;
    private readonly Func<string, bool> _refusedByHooks;
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly SortedSet<uint> _free = [.. Enumerable.Range(1, Limits.Rulesets - 1).Select(static i => (uint)i)];

    public KernelTables(GuardObject loaded, ConfigFlags flags, Func<string, bool> refusedByHooks)
    {
        (_object, _refusedByHooks) = (loaded, refusedByHooks);
        Map("config").TryGet(0U, out GuardConfig config);
        if (config.Schema != Limits.Schema)
        {
            config = NewConfig();
        }

        config.Flags = flags;
        (config.CanaryTgid, config.CanaryPort, config.CanaryInode) = (0, 0, 0);
        Map("config").Set(0U, config);
        Hash = HashOf(config);
        if (loaded.Adopted)
        {
            AdoptNames();
        }
    }

    public PathHash Hash { get; }

    public IReadOnlyDictionary<string, int> Slots => _slots;

    /// <summary>By slot; null: none.</summary>
    public string? NameOf(uint slot) => _slots.FirstOrDefault(s => s.Value == slot).Key;

    public BpfMap Map(string name) => _object.Maps[name];

    public GuardConfig Config
    {
        get => Map("config").TryGet(0U, out GuardConfig config) ? config : default;
        set => Map("config").Set(0U, value);
    }

    /// <returns>What the programs must be attached to.</returns>
    /// <exception cref="KernelLimitException">The policy in force was not changed.</exception>
    public TableNeeds Publish(CompiledPolicy policy)
    {
        if (policy.Policy.Processes.Count > Limits.Policies)
        {
            throw new KernelLimitException($"{policy.Policy.Processes.Count} processes in one policy; the kernel's tables hold {Limits.Policies}");
        }

        var tables = policy.ByName.Values.Select(r => (r.Policy.Name, Table: new RulesetTable(r.Policy, r.Mode, Hash, _refusedByHooks))).ToList();
        foreach (var gone in _slots.Keys.Where(n => !policy.ByName.ContainsKey(n)).ToList())
        {
            Release((uint)_slots[gone]);
            _slots.Remove(gone);
        }

        foreach (var (name, _) in tables.Where(t => !_slots.ContainsKey(t.Name)))
        {
            _slots[name] = Enumerable.Range(0, Limits.Policies).Except(_slots.Values).First();
        }

        var selection = new SelectionTable(policy, Hash, n => _slots[n]);
        var published = tables.Select(t => (Slot: (uint)_slots[t.Name], Id: Write(t.Table), t.Name)).ToList();
        var selectionId = Write(selection);
        var old = new List<uint>();
        foreach (var (slot, id, name) in published)
        {
            Map("names").Set(slot, NameBytes(name));
            Activate(slot, id, old);
        }

        Activate(Limits.ActiveSelection, selectionId, old);
        Forget(old);
        return new(
            tables.Exists(static t => (t.Table.Header.Flags & RulesetFlags.HasKills) != RulesetFlags.None),
            tables.Exists(static t => t.Table.Protects),
            tables.Exists(static t => (t.Table.Header.Flags & RulesetFlags.HasFileRules) != RulesetFlags.None),
            tables.Exists(static t => (t.Table.Header.Flags & RulesetFlags.LimitsNetwork) != RulesetFlags.None));
    }

    /// <summary>Guarded processes by policy.</summary>
    public IReadOnlyDictionary<string, int> Guarded()
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pid in Map("tasks").Keys<uint>())
        {
            if (Map("tasks").TryGet(pid, out TaskState state) && NameOf(state.Slot) is { } name)
            {
                counts[name] = counts.GetValueOrDefault(name) + 1;
            }
        }

        return counts;
    }

    private static unsafe PathHash HashOf(GuardConfig config) => new(config.Seed[0], config.Seed[1], config.Seed[2], config.Seed[3]);

    private static unsafe GuardConfig NewConfig()
    {
        var config = new GuardConfig { Schema = Limits.Schema };
        RandomNumberGenerator.Fill(new Span<byte>(config.Seed, 32));
        return config;
    }

    private static Name64 NameBytes(string name)
    {
        var bytes = default(Name64);
        Encoding.UTF8.GetBytes(name.Length > 60 ? name[..60] : name, bytes);
        return bytes;
    }

    private void AdoptNames()
    {
        for (var slot = 0U; slot <= Limits.Policies; slot++)
        {
            if (!Map("active").TryGet(slot, out ulong id) || id == 0)
            {
                continue;
            }

            _free.Remove((uint)id);
            if (slot < Limits.Policies && Map("names").TryGet(slot, out Name64 name))
            {
                _slots[Encoding.UTF8.GetString(((ReadOnlySpan<byte>)name)[..((ReadOnlySpan<byte>)name).IndexOf((byte)0)])] = (int)slot;
            }
        }
    }

    private uint Write(RulesetTable table)
    {
        var id = Take();
        Map("rulesets").Set(id, table.Header);
        Fill("rules", id, BpfMap.NewHash<RuleKey, RuleValue>("rules", table.Rules.Count), table.Rules.Select(static r => (r.Key, r.Value)));
        Fill("nets", id, BpfMap.NewTrie<NetKey, NetValue>("nets", table.Network.Ranges.Count), table.Network.Ranges);
        Fill("ports", id, BpfMap.NewTrie<PortKey, uint>("ports", table.Network.Ports.Count), table.Network.Ports);
        return id;
    }

    private uint Write(SelectionTable table)
    {
        var id = Take();
        Map("selections").Set(id, table.Header);
        Fill("rules", id, BpfMap.NewHash<RuleKey, RuleValue>("rules", table.Rules.Count), table.Rules.Select(static r => (r.Key, r.Value)));
        return id;
    }

    private void Fill<TKey, TValue>(string outer, uint id, BpfMap inner, IEnumerable<(TKey Key, TValue Value)> entries)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        try
        {
            foreach (var (key, value) in entries)
            {
                inner.Set(key, value);
            }

            Map(outer).Set(id, inner.Handle);
        }
        finally
        {
            inner.Close(); // the outer map holds on to it
        }
    }

    private uint Take()
    {
        var id = _free.Count > 0 ? _free.Min : throw new KernelLimitException("no place for another rule set in the kernel's tables");
        _free.Remove(id);
        return id;
    }

    private void Activate(uint slot, ulong id, List<uint> old)
    {
        if (Map("active").TryGet(slot, out ulong before) && before != 0)
        {
            old.Add((uint)before);
        }

        Map("active").Set(slot, id);
    }

    /// <summary>Its processes must not come under the policy that gets the slot next.</summary>
    private void Release(uint slot)
    {
        var old = new List<uint>();
        Activate(slot, 0, old);
        foreach (var pid in Map("tasks").Keys<uint>())
        {
            if (Map("tasks").TryGet(pid, out TaskState state) && state.Slot == slot)
            {
                Map("tasks").Remove(pid);
            }
        }

        Forget(old);
    }

    private void Forget(List<uint> old)
    {
        // The kernel answers a change of a map of maps only when no program that began before it still runs
        // (maybe_wait_bpf_programs). So after this one nobody reads the old tables any more.
        if (old.Count > 0)
        {
            var nothing = BpfMap.NewHash<RuleKey, RuleValue>("none", 1);
            Map("rules").Set(0U, nothing.Handle);
            nothing.Close();
        }

        foreach (var id in old)
        {
            foreach (var outer in new[] { "rules", "nets", "ports" })
            {
                Map(outer).Remove(id);
            }

            _free.Add(id);
        }
    }

    [System.Runtime.CompilerServices.InlineArray(64)]
    private struct Name64
    {
        private byte _byte;
    }
}

/// <summary>What some policy asks for; programs for what nobody asks for stay unattached.</summary>
internal readonly record struct TableNeeds(bool Kills, bool Protects, bool Files, bool Network);
