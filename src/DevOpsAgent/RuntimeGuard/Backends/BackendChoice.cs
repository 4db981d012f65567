using DevOpsAgent.RuntimeGuard.Backends.Proc;

namespace DevOpsAgent.RuntimeGuard.Backends;

/// <summary>The strongest backend that works here, and why those before it don't.</summary>
/// <param name="Refused">In the order in which they were tried.</param>
internal sealed record BackendChoice(IGuardBackend? Backend, IReadOnlyList<BackendRefusal> Refused)
{
    /// <summary>Every backend that this system knows, the strongest first.</summary>
    public static IReadOnlyList<BackendCandidate> Candidates(TimeProvider time, TimeSpan interval) =>
    [
        new("proc", () =>
        {
            var tree = new ProcTree();
            return tree.Stat(Environment.ProcessId) is null || tree.Exe(Environment.ProcessId).Length == 0
                ? (null, "there is no /proc that shows this process")
                : (new ProcBackend(tree, time, interval, (pid, start) => PidKill.TryKill(tree, pid, start)), "");
        }),
        new("process", () => (new ProcessBackend(time, interval), "")),
    ];

    /// <param name="wanted">auto, or the name of the only one that will do.</param>
    public static BackendChoice Of(IReadOnlyList<BackendCandidate> candidates, string wanted)
    {
        var refused = new List<BackendRefusal>();
        foreach (var candidate in candidates.Where(c => wanted == "auto" || c.Name == wanted))
        {
            var (backend, reason) = candidate.TryOpen();
            if (backend is not null)
            {
                return new(backend, refused);
            }

            refused.Add(new(candidate.Name, reason));
        }

        return new(null, refused);
    }
}

/// <param name="TryOpen">Loads, attaches and proves it by a denial of its own where it can deny; else why not.</param>
internal sealed record BackendCandidate(string Name, Func<(IGuardBackend? Backend, string Reason)> TryOpen);

internal sealed record BackendRefusal(string Name, string Reason);
