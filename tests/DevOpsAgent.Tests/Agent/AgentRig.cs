using System.Globalization;
using System.Text;
using DevOpsAgent.Agent;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Ingest;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Incidents;

namespace DevOpsAgent.Tests.Agent;

/// <summary>The real agent around a scripted model: gateway, guards, receipts and SQLite, a log store in memory, one incident of the rules.</summary>
internal sealed class AgentRig : IAsyncDisposable
{
    public const string Attacker = "203.0.113.7";
    public const string Neighbour = "198.51.100.20";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("agent-");
    private readonly IndexCatalog _catalog = new();

    public AgentRig(Func<AgentConfig, AgentConfig>? change = null, string agent = "gitleaks/8.0", string path = "/.env", Func<string, SqliteStore>? open = null, Incident? incident = null)
    {
        Config = new AgentConfig { Llm = new() { Url = "http://localhost:11434/api/chat", ContextWindow = 40_000 }, Blocking = new() { Directory = Path.Combine(_folder.FullName, "dynamic") } };
        Config = change?.Invoke(Config) ?? Config;
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "dynamic"));
        Database = Path.Combine(_folder.FullName, "agent.db");
        Store = open?.Invoke(Database) ?? new SqliteStore(Database);
        Parts = new(Config, Store, Store.Receipts, Keys, Time, static _ => { });
        Ingest(Lines(agent, path));
        var stored = Store.Add(incident ?? Sample.Incident());
        Incident = Store.GetIncident(stored.Id)!;
        Parts.Logs.Search = new EmbeddedSearch(_catalog, Time, LogStoreFeed.IndexPrefix + "-*");
    }

    public AgentConfig Config { get; }
    public string Database { get; }
    public SqliteStore Store { get; }
    public AgentParts Parts { get; }
    public KeyRing Keys { get; } = KeyRing.InMemory(TimeProvider.System);
    public FakeTime Time { get; } = new(Sample.Start.AddMinutes(2));
    public Incident Incident { get; }
    public List<RunStep> Told { get; } = [];

    public string DenyFile => Path.Combine(_folder.FullName, "dynamic", "devops-agent.yaml");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task<Investigation> InvestigateAsync(ScriptedModel model, CancellationToken? token = null) => Agent(model).InvestigateAsync(Incident, Told.Add, token ?? Token);

    public Task<Investigation> AskAsync(ScriptedModel model, string question) => Agent(model).AskAsync(question, Told.Add, Token);

    public ModelAgent Agent(ScriptedModel model) => Parts.AgentOf(model, "scripted", Config, Caller.Service, Time);

    /// <summary>A call as the model makes it, without the agent around it.</summary>
    public Task<CallAnswer> CallAsync(string tool, string json) =>
        Parts.Gateway.CallAsync(tool, System.Text.Json.JsonDocument.Parse(json).RootElement, new Caller("model scripted", "model", "agent", CallerKind.Model), Token);

    public IReadOnlyList<Receipt> Receipts() => [.. Store.Receipts.Read(1).Where(static e => e.Kind == EntryKind.Receipt).Select(static e => EntryReader.TryRead(e.Body, out var body) ? body.Receipt! : throw new InvalidOperationException("unreadable"))];

    /// <summary>What the rules found stands as it was: nothing is blocked, allowed, decided or changed.</summary>
    public void ShouldStand()
    {
        var now = Store.GetIncident(Incident.Id)!;
        now.Status.ShouldBe(Incident.Status);
        now.Version.ShouldBe(Incident.Version);
        now.Recommendation.ShouldNotBeNull().Ranges.ShouldBe(Incident.Recommendation!.Ranges);
        Store.GetLiveBlocks().ShouldBeEmpty();
        Store.GetAllowlist().ShouldBeEmpty();
        File.Exists(DenyFile).ShouldBeFalse();
        Parts.Mode.Current.ShouldBe(Config.Mode);
    }

    public void Ingest(IEnumerable<string> lines) =>
        new LogIngest(_catalog, null, LogStoreFeed.IndexPrefix, new ClientResolver([])).Add(Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    public static string Line(string client, DateTimeOffset at, int status, string path, string agent) => new System.Text.Json.Nodes.JsonObject
    {
        ["ClientHost"] = client,
        ["DownstreamStatus"] = status,
        ["Duration"] = 1_000_000,
        ["RequestCount"] = 1_700_000_123,
        ["RequestHost"] = "shop.example",
        ["RequestMethod"] = "GET",
        ["RequestPath"] = path,
        ["RouterName"] = "web@file",
        ["StartUTC"] = at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["request_User-Agent"] = agent,
    }.ToJsonString();

    /// <summary>An attacker's 60 refused requests within a minute, and a neighbour's 20 that were answered.</summary>
    private static IEnumerable<string> Lines(string agent, string path) =>
    [
        .. Enumerable.Range(0, 60).Select(i => Line(Attacker, Sample.Start.AddMinutes(-1).AddSeconds(i), 404, i % 2 == 0 ? path : $"/backup{i}.sql", agent)),
        .. Enumerable.Range(0, 20).Select(static i => Line(Neighbour, Sample.Start.AddMinutes(-2).AddSeconds(i), 200, "/", "Mozilla/5.0")),
    ];

    public async ValueTask DisposeAsync()
    {
        await Parts.DisposeAsync();
        Store.Dispose();
        _catalog.Dispose();
        _folder.Delete(recursive: true);
    }
}
