using System.IO.Compression;
using DevOpsAgent.App.EsEndpoint;
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
/// The promise of detection on Elasticsearch: the same incidents as on the file with the same events. The recording goes
/// through both; Elasticsearch's part is played by the embedded store behind its HTTP endpoint.
/// </summary>
public sealed class RecordedParityTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("parity-");
    private readonly RuleSet _rules = RuleLibrary.Load(new DetectionConfig());
    private int _databases;

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>The recording lasts about 20 minutes; an hour's step reads it in one look, ten minutes in several.</summary>
    [Theory]
    [InlineData(60, false)]
    [InlineData(10, true)]
    public async Task The_recording_gives_the_same_incidents_as_its_file(int stepMinutes, bool killed)
    {
        var lines = Recording();
        var expected = FromFile(lines);
        using var catalog = new IndexCatalog();
        new LogIngest(catalog, null, "traefik-logs", ClientResolver.Direct).Add(lines);
        var time = new FakeTime(new(2026, 11, 21, 7, 22, 0, TimeSpan.Zero));
        await using var host = await EsHost.StartAsync("127.0.0.1:0", new ElasticApi(catalog, time, allowWrites: false), TestContext.Current.CancellationToken);
        var config = new ElasticsearchConfig { Url = host.Address.ToString(), Start = TimeSpan.FromMinutes(1), Interval = TimeSpan.FromMinutes(stepMinutes) };

        var databases = _databases++;
        var store = new SqliteStore(Path.Combine(_folder.FullName, $"es{databases}.db"));
        var (pipeline, watch) = Open(store, config, time);
        for (var minutes = 0; minutes <= Math.Max(30, stepMinutes); minutes += stepMinutes)
        {
            await Watching.RoundAsync(watch, pipeline.Read);
            pipeline.Commit();
            if (killed)
            {
                // All that is in memory is gone.
                watch.Dispose();
                store.Dispose();
                store = new SqliteStore(Path.Combine(_folder.FullName, $"es{databases}.db"));
                (pipeline, watch) = Open(store, config, time);
            }

            time.Advance(TimeSpan.FromMinutes(stepMinutes) + TimeSpan.FromSeconds(1));
        }

        var found = Incidents(store);
        TestContext.Current.SendDiagnosticMessage($"read {watch.BytesOverWire} bytes");
        watch.Dispose();
        store.Dispose();
        found.ShouldBe(expected);
        expected.Count.ShouldBeGreaterThan(30);
    }

    private List<string> FromFile(byte[] lines)
    {
        using var store = new SqliteStore(Path.Combine(_folder.FullName, $"file{_databases++}.db"));
        var pipeline = Pipeline(store, TimeProvider.System);
        pipeline.Read(new("access.log", "1:2", lines, lines.Length, 1, new() { Path = "access.log" }));
        pipeline.Commit();
        return Incidents(store);
    }

    private (LogPipeline Pipeline, ElasticWatch Watch) Open(SqliteStore store, ElasticsearchConfig config, FakeTime time) =>
        (Pipeline(store, time), new(config, ElasticOptions.Of(config), _rules, store.GetCheckpoints(), static () => { }, time));

    private LogPipeline Pipeline(SqliteStore store, TimeProvider time)
    {
        var detector = new Detector(_rules, new());
        foreach (var row in store.GetClientStates())
        {
            detector.TryRestore(row);
        }

        var book = new IncidentBook(time);
        book.Load(store);
        return new(detector, book, new(time, static (_, _) => Task.FromResult<IReadOnlyList<DevOpsAgent.Addresses.ClientAddress>>([])), new(new(), null, static () => null), store, time);
    }

    /// <summary>Client or campaign, threat, severity and what is recommended.</summary>
    private static List<string> Incidents(SqliteStore store) =>
        [.. store.ListIncidents(new() { Limit = 500 }).Items.Select(static i => $"{(i.Clients.Count > 1 ? "campaign of " + i.Clients.Count : i.Clients[0])} {i.Threat} {i.Severity} {i.Recommendation?.Action}").Order(StringComparer.Ordinal)];

    private static byte[] Recording()
    {
        using var packed = new GZipStream(File.OpenRead(Path.Combine(Watching.Samples, "recording-a", "access.jsonl.gz")), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        packed.CopyTo(plain);
        return plain.ToArray();
    }
}
