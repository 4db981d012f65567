namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>A process to be acted on.</summary>
/// <param name="Process">Its policy.</param>
/// <param name="Reason">The violation, for the receipt.</param>
/// <param name="SeenAt">When it did it: a process that began later only got its number.</param>
internal sealed record ProcessRequest(int Pid, string Process, string Reason, DateTimeOffset SeenAt)
{
    /// <summary>In ticks since boot, where whoever asks knows it. Null: to be found out by <see cref="SeenAt"/>.</summary>
    public long? StartTicks { get; init; }

    /// <summary>True: a limit of memory or CPU was passed; the policy itself says that this kills, whatever its alerts say.</summary>
    public bool IsLimit { get; init; }
}
