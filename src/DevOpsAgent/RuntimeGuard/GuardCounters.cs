using System.Collections.Concurrent;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>The numbers behind <see cref="GuardStats"/>. Counting an event that is fine is one atomic addition.</summary>
internal sealed class GuardCounters(DateTimeOffset startedAt)
{
    private readonly ConcurrentDictionary<string, long> _byProcess = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _byType = new(StringComparer.Ordinal);
    private long _events;
    private long _unknown;
    private long _unresolved;
    private long _violations;
    private long _blocked;
    private long _killed;
    private long _handlerFaults;

    public void Event() => Interlocked.Increment(ref _events);

    public void Unknown() => Interlocked.Increment(ref _unknown);

    public void Unresolved() => Interlocked.Increment(ref _unresolved);

    public void HandlerFault() => Interlocked.Increment(ref _handlerFaults);

    public void Count(Violation violation)
    {
        Interlocked.Increment(ref _violations);
        _byProcess.AddOrUpdate(violation.ProcessName, 1, static (_, n) => n + 1);
        _byType.AddOrUpdate(violation.Type, 1, static (_, n) => n + 1);
        switch (violation.Action)
        {
            case "blocked":
                Interlocked.Increment(ref _blocked);
                break;
            case "killed":
                Interlocked.Increment(ref _killed);
                break;
        }
    }

    public GuardStats Snapshot() => new()
    {
        TotalEvents = Interlocked.Read(ref _events),
        Violations = Interlocked.Read(ref _violations),
        Blocked = Interlocked.Read(ref _blocked),
        Killed = Interlocked.Read(ref _killed),
        Unknown = Interlocked.Read(ref _unknown),
        Unresolved = Interlocked.Read(ref _unresolved),
        HandlerFaults = Interlocked.Read(ref _handlerFaults),
        ByProcess = new SortedDictionary<string, long>(_byProcess.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal),
        ByType = new SortedDictionary<string, long>(_byType.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal),
        StartedAt = startedAt,
    };
}
