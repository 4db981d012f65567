using DevOpsAgent.Agent;

namespace DevOpsAgent.Tests.Agent;

/// <summary>Runs and exchanges in memory. <see cref="Fault"/> is called before each write and may throw, as a database does.</summary>
internal sealed class MemoryInvestigations : IInvestigationStore
{
    private readonly Lock _lock = new();

    public List<Investigation> Runs { get; } = [];

    public List<ModelExchange> All { get; } = [];

    public Action? Fault { get; set; }

    public long Save(Investigation investigation)
    {
        lock (_lock)
        {
            Fault?.Invoke();
            Runs.Add(investigation with { Id = Runs.Count + 1 });
            return Runs.Count;
        }
    }

    public IReadOnlyList<Investigation> Of(long incidentId) => [.. Runs.Where(r => r.IncidentId == incidentId).Reverse()];

    public void Add(ModelExchange exchange)
    {
        lock (_lock)
        {
            Fault?.Invoke();
            All.Add(exchange);
        }
    }

    public IReadOnlyList<ModelExchange> Exchanges(string run) => [.. All.Where(e => e.Run == run)];

    public int Prune(DateTimeOffset olderThan) => All.RemoveAll(e => e.At < olderThan);
}
