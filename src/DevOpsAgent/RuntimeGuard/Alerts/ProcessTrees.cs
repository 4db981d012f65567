using DevOpsAgent.RuntimeGuard.Backends.Proc;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>Where a process stands among others: those above it, and its children. From /proc, at this moment. Never throws.</summary>
internal sealed class ProcessTrees(ProcTree tree)
{
    private const int MaxAncestors = 16;
    private const int MaxChildren = 16;

    /// <summary>From the top down; empty where the process is gone or not known (0).</summary>
    public IReadOnlyList<ProcessNode> Of(int pid)
    {
        if (pid <= 0 || tree.Stat(pid) is not { } stat)
        {
            return [];
        }

        var nodes = new List<ProcessNode> { Node(stat, ProcessRole.Violator) };
        for (var at = stat; nodes.Count <= MaxAncestors && at.ParentPid > 0 && tree.Stat(at.ParentPid) is { } parent && nodes.TrueForAll(n => n.Pid != parent.Pid); at = parent)
        {
            nodes.Insert(0, Node(parent, ProcessRole.Ancestor));
        }

        nodes.AddRange(tree.Pids().Select(tree.Stat).OfType<ProcStat>().Where(s => s.ParentPid == pid).Take(MaxChildren).Select(s => Node(s, ProcessRole.Child)));
        return nodes;
    }

    private ProcessNode Node(ProcStat stat, ProcessRole role) => new(stat.Pid, stat.ParentPid, tree.Exe(stat.Pid), tree.Status(stat.Pid).Uid, role);
}
