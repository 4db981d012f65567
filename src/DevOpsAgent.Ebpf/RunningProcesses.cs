using DevOpsAgent.Ebpf.Native;
using DevOpsAgent.Ebpf.Tables;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf;

/// <summary>
/// Puts processes that already ran under their policy. The hooks are attached before: whatever a guarded process starts from
/// then on inherits, so looking again until nothing is new leaves nobody out.
/// </summary>
internal sealed class RunningProcesses(ProcTree tree, KernelTables tables)
{
    private const int MaxLooks = 20;

    public void Guard(CompiledPolicy policy)
    {
        var looks = 0;
        while (Look(policy) > 0 && ++looks < MaxLooks)
        {
        }
    }

    /// <summary>A process and all below it; what they start from then on inherits it. Null: done; else why not.</summary>
    public string? TryIsolate(int pid)
    {
        var parents = tree.Pids().ToDictionary(static p => p, p => tree.Stat(p)?.ParentPid ?? 0);
        bool IsBelow(int candidate)
        {
            for (var (at, steps) = (candidate, 0); at > 1 && steps < parents.Count; at = parents.GetValueOrDefault(at), steps++)
            {
                if (at == pid)
                {
                    return true;
                }
            }

            return false;
        }

        var isolated = 0;
        foreach (var below in parents.Keys.Where(IsBelow))
        {
            if (tables.Map("tasks").TryGet((uint)below, out TaskState state))
            {
                tables.Map("tasks").Set((uint)below, state with { Flags = RulesetFlags.Isolated });
                isolated++;
            }
        }

        return isolated > 0 ? null : $"process {pid} is not guarded, or has ended";
    }

    /// <returns>How many came under a policy.</returns>
    private int Look(CompiledPolicy policy)
    {
        var stats = new Dictionary<int, ProcStat>();
        foreach (var pid in tree.Pids())
        {
            if (tree.Stat(pid) is { } stat)
            {
                stats[pid] = stat;
            }
        }

        var slots = new Dictionary<int, uint?>();
        return stats.Keys.ToList().Count(pid => Recognise(pid, stats, slots, policy));
    }

    private bool Recognise(int pid, Dictionary<int, ProcStat> stats, Dictionary<int, uint?> slots, CompiledPolicy policy)
    {
        if (slots.ContainsKey(pid))
        {
            return false;
        }

        slots[pid] = null;
        var found = false;
        var parent = stats[pid].ParentPid;
        if (stats.ContainsKey(parent))
        {
            found = Recognise(parent, stats, slots, policy);
        }

        var known = tables.Map("tasks").TryGet((uint)pid, out TaskState state) ? state.Slot : (uint?)null;
        var exe = tree.Exe(pid);
        if (exe.Length == 0)
        {
            return found; // a thread of the kernel
        }

        var own = policy.Select(exe, tree.Cgroup(pid), tree.Status(pid).Uid);
        var slot = own is not null ? (uint)tables.Slots[own.Policy.Name] : known ?? slots.GetValueOrDefault(parent);
        slots[pid] = slot;
        if (slot is null || slot == known)
        {
            return found;
        }

        tables.Map("tasks").Set((uint)pid, new TaskState(slot.Value, RulesetFlags.None), known is null ? BpfMap.OnlyNew : BpfMap.Any);

        // It may have ended meanwhile, and its number must not bring another process under this policy.
        if (tree.Stat(pid)?.StartTicks != stats[pid].StartTicks)
        {
            tables.Map("tasks").Remove((uint)pid);
        }

        return true;
    }
}
