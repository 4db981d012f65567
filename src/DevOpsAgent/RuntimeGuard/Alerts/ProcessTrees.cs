using DevOpsAgent.RuntimeGuard.Backends.Proc;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>Where a process stands among others: those above it, and its children. From /proc, at this moment. Never throws.</summary>
/// <param name="root">Of the same tree.</param>
internal sealed class ProcessTrees(ProcTree tree, string root = "/proc")
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

        nodes.AddRange(Children(pid).Take(MaxChildren).Select(tree.Stat).OfType<ProcStat>().Where(s => s.ParentPid == pid).Select(s => Node(s, ProcessRole.Child)));
        return nodes;
    }

    /// <summary>As the kernel lists them by thread: looking at every process of the machine would hold up the kill that follows.</summary>
    private IEnumerable<int> Children(int pid)
    {
        string[] threads;
        try
        {
            threads = Directory.GetDirectories($"{root}/{pid}/task");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }

        foreach (var thread in threads)
        {
            string children;
            try
            {
                children = File.ReadAllText(thread + "/children"); // 4712 4713
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            foreach (var word in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (int.TryParse(word, out var child))
                {
                    yield return child;
                }
            }
        }
    }

    private ProcessNode Node(ProcStat stat, ProcessRole role) => new(stat.Pid, stat.ParentPid, tree.Exe(stat.Pid), tree.Status(stat.Pid).Uid, role);
}
