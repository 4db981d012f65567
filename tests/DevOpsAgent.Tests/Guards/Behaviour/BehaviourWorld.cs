using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;

namespace DevOpsAgent.Tests.Guards.Behaviour;

/// <summary>Profiles with a clock and a store in memory, driven window by window.</summary>
internal sealed class BehaviourWorld : IDisposable
{
    public const string Agent = "model gpt-4o";

    public BehaviourWorld(BehaviourConfig? config = null, IBehaviourStore? store = null)
    {
        Config = config ?? new();
        Store = store ?? new MemoryBehaviourStore();
        Profiles = new(Config, Store, Time);
    }

    public BehaviourConfig Config { get; }
    public FakeTime Time { get; init; } = new();
    public IBehaviourStore Store { get; }
    public BehaviourProfiles Profiles { get; private set; }
    public DateTimeOffset Now => Time.GetUtcNow();

    public void Call(int calls = 1, int denied = 0, int tools = 1, double entropy = 4.2, string agent = Agent)
    {
        for (var i = 0; i < calls; i++)
        {
            Profiles.Record(new BehaviourSample(agent, $"tool_{i % tools}", i < denied, entropy, Now));
        }
    }

    /// <summary>One window with these calls, to its end.</summary>
    public GuardDecision Window(int calls, int denied = 0, int tools = 1, double entropy = 4.2)
    {
        Call(calls, denied, Math.Max(1, Math.Min(tools, calls)), entropy);
        Next();
        return Ask();
    }

    public void Next(int windows = 1) => Time.Jump += TimeSpan.FromSeconds(windows * Config.WindowSecs);

    public GuardDecision Ask(string agent = Agent) => Profiles.Evaluate(agent, Now);

    /// <summary>The profile as it is stored.</summary>
    public AgentProfile Profile(string agent = Agent)
    {
        Profiles.Save();
        var row = Store.Load().Single(r => r.Agent == agent);
        ProfileCodec.TryRead(agent, row.State, Config.WindowSecs, out var profile).ShouldBeTrue();
        return profile;
    }

    public Baseline Usual(BehaviourMetric metric = BehaviourMetric.CallRate) => Profile().Metric(metric).Usual;

    public MetricScore Last(BehaviourMetric metric = BehaviourMetric.CallRate) => Profile().Closed(0).Scores[(int)metric];

    /// <summary>As after a stop and a start; with <paramref name="killed"/> nothing is stored at the end.</summary>
    public void Restart(bool killed = false)
    {
        if (!killed)
        {
            Profiles.Dispose();
        }

        Profiles = new(Config, Store, Time);
    }

    public void Dispose() => Profiles.Dispose();
}
