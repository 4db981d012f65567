using DevOpsAgent.Ebpf;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;

namespace DevOpsAgent.App.GuardControl;

/// <summary>The backends as the running guard has them: what they kill by themselves, for a limit of memory or CPU, goes through the gateway.</summary>
internal static class GuardBackends
{
    /// <param name="kill">Number and start of a process that passed its limit; false: it was not killed.</param>
    public static IReadOnlyList<BackendCandidate> Candidates(TimeProvider time, TimeSpan interval, string pins, Func<int, long, bool> kill) =>
        [.. KernelCandidates.Of(new KernelHost { Pins = Path.GetFullPath(pins) }, time, interval, kill), .. BackendChoice.Candidates(time, interval).Select(c => c.Name == "proc" ? Policed(c, time, interval, kill) : c)];

    private static BackendCandidate Policed(BackendCandidate proc, TimeProvider time, TimeSpan interval, Func<int, long, bool> kill) => new(proc.Name, () =>
    {
        var (backend, reason) = proc.TryOpen();
        return backend is null ? (null, reason) : (new ProcBackend(new ProcTree(), time, interval, kill), "");
    });
}
