using System.Globalization;
using DevOpsAgent.Guards;
using DevOpsAgent.RuntimeGuard.Backends.Proc;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>Kills a process that broke its policy, and no other that has its number by now.</summary>
/// <param name="kill">Kills the process with this number that began at these ticks; false: there is none.</param>
/// <param name="uptime">Time since boot, as the start of processes is counted.</param>
internal sealed class KillProcessTool(ProcTree tree, Func<int, long, bool> kill, Func<TimeSpan?> uptime, TimeProvider time) : ProcessTool
{
    private const double TicksPerSecond = 100; // USER_HZ

    /// <summary>A tick, and what the two clocks may differ.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(50);

    public override string Name => "kill_process";

    public override string Description => "Kills a process that broke its policy in mode enforce";

    protected override ToolResult Act(Permit<ProcessRequest> permit)
    {
        var request = permit.Take();
        if ((request.StartTicks ?? StartOf(request)) is not { } start)
        {
            return new(false, string.Create(CultureInfo.InvariantCulture, $"Process {request.Pid} is gone; what has its number now began later."));
        }

        return kill(request.Pid, start)
            ? new(true, string.Create(CultureInfo.InvariantCulture, $"Process {request.Pid} was killed."))
            : new(false, string.Create(CultureInfo.InvariantCulture, $"Process {request.Pid} could not be killed: it is gone, or not the guard's to kill."));
    }

    /// <summary>Null: gone, or another one that began after the violation was seen.</summary>
    private long? StartOf(ProcessRequest request)
    {
        if (tree.Stat(request.Pid) is not { } stat || uptime() is not { } up)
        {
            return null;
        }

        var age = up - TimeSpan.FromSeconds(stat.StartTicks / TicksPerSecond);
        return time.GetUtcNow() - age <= request.SeenAt + Tolerance ? stat.StartTicks : null;
    }

    /// <summary>Of the running kernel; null where there is no /proc.</summary>
    public static TimeSpan? Uptime()
    {
        try
        {
            // 350735.47 234388.90
            return double.TryParse(File.ReadAllText("/proc/uptime").Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
