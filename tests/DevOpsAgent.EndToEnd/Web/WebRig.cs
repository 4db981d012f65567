using System.Collections.Concurrent;
using DevOpsAgent.Addresses;
using DevOpsAgent.App.Web;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>The real web host over a real store and the real blocker that writes a file, in a directory of its own.</summary>
internal sealed class WebRig : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("web-").FullName;
    private WebHost _host = null!;

    private WebRig(WebConfig? web)
    {
        Web = web ?? new WebConfig { Listen = "127.0.0.1:0" };
        var watched = Directory.CreateDirectory(Path.Combine(_directory, "dynamic")).FullName;
        Blocking = new()
        {
            Directory = watched,
            AllowPrivate = [.. ((string[])["203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/15", "2001:db8::/32"]).Select(AddressRange.Parse)],
        };
        DenyFile = Path.Combine(watched, Blocking.FileName);
        var store = new SqliteStore(Path.Combine(_directory, "agent.db"));
        Store = store;

        Parts = new(new AgentConfig { Blocking = Blocking, Mode = Mode.Review }, store, store.Receipts, KeyRing.InMemory(TimeProvider.System), TimeProvider.System, static _ => { });
    }

    public WebConfig Web { get; private set; }
    public BlockingConfig Blocking { get; }
    public string DenyFile { get; }
    public IStore Store { get; }
    public AgentParts Parts { get; }
    public Blocker Blocker => Parts.Blocker;
    public FakeAgent Agent { get; } = new();

    /// <summary>What a client saw as status 500.</summary>
    public ConcurrentBag<Exception> Faults { get; } = [];
    public Uri Address => _host.Address;
    public int Port => Address.Port;

    public static async Task<WebRig> StartAsync(WebConfig? web = null)
    {
        var rig = new WebRig(web);
        await rig.ListenAsync();
        return rig;
    }

    public async Task ListenAsync()
    {
        var actions = new DeskActions(Parts, TimeProvider.System);
        _host = await WebHost.StartAsync(Web, new(Store, actions, Agent, Blocking, TimeProvider.System) { Receipts = Parts.Receipts, Keys = Parts.Keys }, Faults.Add, TestContext.Current.CancellationToken);
        Web = Web with { Listen = $"127.0.0.1:{Port}" };
    }

    public ValueTask StopListeningAsync() => _host.DisposeAsync();

    public IReadOnlyList<Incident> SeedNight()
    {
        var now = TimeProvider.System.GetUtcNow();
        return Seed.Store(Store, Seed.Night(now, Plan), now);
    }

    public void SeedMany(int count)
    {
        var now = TimeProvider.System.GetUtcNow();
        var one = Plan([AddressRange.Parse("198.18.0.1")]);
        Seed.Store(Store, Seed.Many(count, now, ranges => one with { Ranges = ranges }), now);
    }

    public Recommendation Plan(IReadOnlyList<AddressRange> ranges)
    {
        var plan = Blocker.Plan([.. ranges.Select(static r => new BlockRequest { Range = r, Reason = "seed", Ttl = TimeSpan.FromHours(4), By = "rule", Origin = "service", Mode = Mode.Review })]);
        return new() { Action = RuleAction.Block, Ranges = ranges, Why = "", Where = plan.Where, Ttl = plan.Ttl, ProposedBy = "rule secret-files", Change = plan.Change };
    }

    /// <summary>What another person does at a terminal.</summary>
    public async Task ApproveAsync(long incident, string note) =>
        (await Parts.Effects.DecideAsync([new(incident, DecisionKind.Approve, "alice", "cli uid 1000") { Note = note }], Caller.Person("alice", "cli uid 1000"), TestContext.Current.CancellationToken))[0].Succeeded.ShouldBeTrue();

    /// <summary>What the log pipeline does when one more client joins a campaign.</summary>
    public void Grow(long incident, string client)
    {
        var seen = Store.GetIncident(incident)!;
        var address = ClientAddress.Parse(client);
        var grown = RecommendationChange.Mark(seen.Recommendation, Plan([.. seen.Recommendation!.Ranges, AddressRange.Single(address)]), seen.Version + 1);
        Store.Commit(new() { Incidents = [new(seen with { Clients = [.. seen.Clients, address], Recommendation = grown }, null)] });
    }

    /// <summary>What the service does when it notices an approval: blocks it, and moves the incident.</summary>
    public async Task ApplyApprovalsAsync()
    {
        foreach (var incident in Store.ListIncidents(new() { Statuses = [IncidentStatus.Approved], Limit = 500 }).Items)
        {
            var answers = await Parts.Effects.BlockAsync([.. incident.Recommendation!.Ranges.Select(r => new BlockRequest
            {
                Range = r, IncidentId = incident.Id, Reason = incident.Summary, Ttl = incident.Recommendation.Ttl, By = "operator", Origin = "web 127.0.0.1", Mode = Mode.Review, TrustForgeable = true,
            })], CancellationToken.None);
            var to = answers.All(static a => a.Verdict is BlockVerdict.Active or BlockVerdict.Unconfirmed) ? IncidentStatus.Blocked : IncidentStatus.Failed;
            Store.TryTransition(incident.Id, [IncidentStatus.Approved], new() { IncidentId = incident.Id, From = null, To = to, At = TimeProvider.System.GetUtcNow(), By = "service", Origin = "service", Note = answers[0].Text }, null, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var fault in Faults)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(fault.ToString());
        }

        await _host.DisposeAsync();
        await Parts.DisposeAsync();
        Store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
