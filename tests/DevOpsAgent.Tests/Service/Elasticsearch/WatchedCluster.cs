using System.Globalization;
using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Ingest;
using DevOpsAgent.Service;
using DevOpsAgent.Service.Elasticsearch;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Logs.Elasticsearch;

namespace DevOpsAgent.Tests.Service.Elasticsearch;

/// <summary>
/// A cluster with events and the whole way from it to stored incidents. The answers are those of the embedded store, whose
/// API is held against recordings of Elasticsearch; a test may put a fault in their place.
/// </summary>
internal sealed class WatchedCluster : IAsyncDisposable
{
    public static readonly DateTimeOffset Begin = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private static readonly string[] Few = ["secret-files", "single-secret-probe", "distributed-secrets-scan", "directory-scan-short-names"];

    private readonly RuleSet _rules;

    public RuleSet Rules => _rules;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("watch-");
    private readonly LogIngest _ingest;
    private readonly ElasticApi _api;
    private SqliteStore _store;
    private LogPipeline _pipeline = null!;

    private WatchedCluster(ScriptedElastic server, FakeTime time, bool allRules)
    {
        (Server, Time) = (server, time);
        var all = RuleLibrary.Load(new());
        _rules = allRules ? all : RuleLibrary.Load(new() { DisabledRules = [.. all.Rules.Select(static r => r.Id).Except(Few)] });
        _ingest = new(Catalog, null, "traefik-logs", ClientResolver.Direct);
        _api = new(Catalog, time);
        server.Script = call => Fault(call) ?? Answer(call);
        Config = server.Config with { Start = TimeSpan.FromMinutes(30) };
        _store = new(Path.Combine(_folder.FullName, "agent.db"));
    }

    public IndexCatalog Catalog { get; } = new();

    public ScriptedElastic Server { get; }

    public FakeTime Time { get; }

    public ElasticsearchConfig Config { get; set; }

    /// <summary>What goes wrong; null: nothing.</summary>
    public Func<ScriptedCall, ScriptedAnswer?> Fault { get; set; } = static _ => null;

    public ElasticWatch Watch { get; private set; } = null!;

    /// <param name="allRules">False: four rules, so that a look takes a moment only.</param>
    public static async Task<WatchedCluster> StartAsync(bool allRules = false)
    {
        var cluster = new WatchedCluster(await ScriptedElastic.StartAsync(), new FakeTime(Begin), allRules);
        cluster.Open();
        return cluster;
    }

    public ScriptedAnswer Answer(ScriptedCall call)
    {
        if (call.Path == "/")
        {
            return new(ScriptedElastic.Root8);
        }

        var answer = _api.Handle(new(call.Method, call.Path + call.Query, Encoding.UTF8.GetBytes(call.Body), "application/json"));
        return new(Encoding.UTF8.GetString(answer.Body), answer.Status);
    }

    /// <summary>One request, so many seconds after the beginning.</summary>
    public static string Line(double second, string client, string path, int status = 404, string? host = null)
    {
        var at = Begin.AddSeconds(second).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        return $$"""{"ClientAddr":"{{client}}:4711","ClientHost":"{{host ?? client}}","ClientUsername":"-","DownstreamContentSize":10,"DownstreamStatus":{{status}},"Duration":1000,"RequestCount":1,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"{{path}}","RouterName":"shop@file","StartUTC":"{{at}}","entryPointName":"web","request_User-Agent":"Mozilla/5.0"}""" + "\n";
    }

    private static readonly string[] Secrets = [".env", ".git/config", ".aws/credentials", ".ssh/id_rsa", ".npmrc", ".htpasswd", ".env.production", ".netrc", ".env.bak", ".svn/entries", ".env.local", "id_rsa"];

    /// <summary>A scan for secrets, one path per second.</summary>
    public static string Scan(double second, string client, int paths) => string.Concat(Enumerable.Range(0, paths).Select(i => Line(second + i, client, "/" + Secrets[i % Secrets.Length])));

    public void Ingest(string lines) => _ingest.Add(Encoding.UTF8.GetBytes(lines));

    /// <summary>Looks as often as something is due, and stores what comes.</summary>
    public async Task<int> LookAsync()
    {
        var blocks = await Watching.RoundAsync(Watch, _pipeline.Read);
        if (_pipeline.IsDirty)
        {
            _pipeline.Commit();
        }

        return blocks;
    }

    /// <summary>Time passes, in steps of the interval, with a look at each.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Config.Interval)
        {
            Time.Advance(Config.Interval);
            await LookAsync();
        }
    }

    /// <summary>Killed: what wasn't stored is gone. Then started anew.</summary>
    public void Restart()
    {
        Watch.Dispose();
        _store.Dispose();
        _store = new(Path.Combine(_folder.FullName, "agent.db"));
        Open();
    }

    /// <summary>"203.0.113.7 secrets-scan High": client, threat, severity, of those above low.</summary>
    public IReadOnlyList<string> Incidents => [.. _store.ListIncidents(new() { Limit = 500 }).Items.Where(static i => i.Severity > Severity.Low).Select(static i => $"{i.Subject} {i.Threat} {i.Severity}").Order(StringComparer.Ordinal)];

    /// <summary>How often a client's requests were counted, as stored.</summary>
    public long Counted(string client)
    {
        var detector = new Detector(_rules, new());
        foreach (var row in _store.GetClientStates())
        {
            detector.TryRestore(row);
        }

        return detector.Explain(DevOpsAgent.Addresses.ClientAddress.Parse(client))?.Requests ?? 0;
    }

    public string Problem
    {
        get
        {
            var status = new List<DevOpsAgent.Logs.Sources.SourceStatus>();
            Watch.Report(status);
            return $"{status[0].State}: {status[0].Advice}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        Watch.Dispose();
        _store.Dispose();
        await Server.DisposeAsync();
        Catalog.Dispose();
        _folder.Delete(recursive: true);
    }

    public void Open()
    {
        Watch?.Dispose();
        var detector = new Detector(_rules, new());
        foreach (var row in _store.GetClientStates())
        {
            detector.TryRestore(row);
        }

        var book = new IncidentBook(Time);
        book.Load(_store);
        _pipeline = new(detector, book, new(Time, static (_, _) => Task.FromResult<IReadOnlyList<DevOpsAgent.Addresses.ClientAddress>>([])), new(new(), null, static () => null), _store, Time);
        // A pause between tries would wait for the clock of the test.
        Watch = new(Config, ElasticOptions.Of(Config) with { Tries = 1 }, _rules, _store.GetCheckpoints(), static () => { }, Time);
    }
}
