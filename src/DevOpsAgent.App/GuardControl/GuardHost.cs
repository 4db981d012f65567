using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.App.GuardControl;

/// <summary>What this machine and user lack for a policy: said at the start, since a guard that sees nothing looks like one with nothing to see.</summary>
internal static class GuardHost
{
    /// <param name="uid">Of the guard.</param>
    public static IEnumerable<string> Problems(GuardPolicy policy, ProcTree tree, uint uid)
    {
        if (uid != 0)
        {
            yield return "the guard does not run as root: of processes of other users it sees neither files nor programs, and it can't stop them";
        }

        var byCgroup = policy.Processes.Where(static p => p.Selectors.Cgroup.Count > 0 || p.Selectors.Unit.Count > 0).Select(static p => p.Name).ToList();
        if (byCgroup.Count > 0 && !tree.Pids().Any(p => tree.Cgroup(p).Length > 0))
        {
            yield return $"no process of this system is in a cgroup that has a name (cgroup v2, or systemd): the policies for {string.Join(", ", byCgroup)} choose their processes by cgroup or unit, and find none. Use 'exe' or 'uid' instead";
        }
    }
}
