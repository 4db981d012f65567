using System.Text;
using DevOpsAgent.Ebpf.Native;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf.Tables;

/// <summary>All policies' selectors: for each clause a set of the policies that it leaves; the first in all three sets wins.</summary>
internal sealed class SelectionTable
{
    private readonly Dictionary<RuleKey, RuleValue> _rules = [];
    private Selection _header;

    /// <param name="slotOf">Where the kernel keeps each policy.</param>
    public unsafe SelectionTable(CompiledPolicy policy, PathHash hash, Func<string, int> slotOf)
    {
        var ordered = policy.Policy.Processes.OrderByDescending(static p => p.Selectors.Precision).ToList();
        for (var bit = 0; bit < ordered.Count; bit++)
        {
            var selectors = ordered[bit].Selectors;
            _header.Slot[bit] = (ushort)slotOf(ordered[bit].Name);
            if (selectors.IsDefault)
            {
                Add(RuleKind.SelectName, hash.Component(ordered[bit].Name), bit);
            }
            else if (selectors.Exe.Count == 0)
            {
                _header.AnyExe[bit >> 6] |= 1UL << (bit & 63);
            }

            foreach (var exe in selectors.Exe)
            {
                Add(RuleKind.SelectExe, hash.Path(exe), bit);
                if (Libc.FileIdentity(exe) is { } file)
                {
                    Add(RuleKind.SelectInode, file, bit);
                }
            }

            foreach (var cgroup in selectors.Cgroup)
            {
                Add(RuleKind.SelectCgroup, hash.Path(Encoding.UTF8.GetBytes(cgroup)), bit);
            }

            foreach (var unit in selectors.Unit)
            {
                Add(RuleKind.SelectUnit, hash.Component(unit), bit);
            }

            foreach (var uid in selectors.Uid)
            {
                Add(RuleKind.SelectUid, ((ulong)uid, 0), bit);
            }

            if (selectors.Cgroup.Count + selectors.Unit.Count == 0)
            {
                _header.AnyCgroup[bit >> 6] |= 1UL << (bit & 63);
            }
            else
            {
                _header.NeedsCgroup = 1;
            }

            if (selectors.Uid.Count == 0)
            {
                _header.AnyUid[bit >> 6] |= 1UL << (bit & 63);
            }
        }
    }

    public ref readonly Selection Header => ref _header;

    public IReadOnlyDictionary<RuleKey, RuleValue> Rules => _rules;

    private void Add(RuleKind kind, (ulong A, ulong B) key, int bit)
    {
        var rule = new RuleKey(key.A, key.B, kind, 0);
        var value = _rules.GetValueOrDefault(rule);
        value[bit >> 6] |= 1UL << (bit & 63);
        _rules[rule] = value;
    }
}
