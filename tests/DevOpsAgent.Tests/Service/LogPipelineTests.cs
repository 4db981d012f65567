using System.IO.Compression;
using System.Runtime.CompilerServices;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Service;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Service;

/// <summary>The promise of the pipeline: whenever it is killed, the next start counts on as if nothing had happened.</summary>
public sealed class LogPipelineTests : IDisposable
{
    private static readonly byte[] Recording = Unpack();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeline-");
    private readonly RuleSet _rules = RuleLibrary.Load(new DetectionConfig());
    private readonly LogConfig _log = new() { Path = "access.log" };
    private int _databases;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Killed_at_any_moment_it_counts_each_line_exactly_once(int seed)
    {
        var expected = Run(new Random(seed), kills: 0);
        var killed = Run(new Random(seed), kills: 12);
        killed.ShouldBe(expected);
        expected.Count(static i => i.Contains("secrets-scan", StringComparison.Ordinal)).ShouldBeGreaterThan(10);
    }

    [Fact]
    public void What_could_not_be_stored_is_stored_by_the_next_commit()
    {
        var text = Recording.AsSpan(0, Recording.AsSpan(0, 3_000_000).LastIndexOf((byte)'\n') + 1).ToArray();
        _databases++;
        using var store = new SqliteStore(DatabasePath, new() { BusyTimeout = TimeSpan.FromMilliseconds(50) }, DevOpsAgent.Store.Sqlite.SqliteSchema.Migrations);
        var pipeline = Pipeline(store, out _);
        using (Blockade())
        {
            pipeline.Read(Block(text, 0, text.Length));
            Should.Throw<StoreException>(() => pipeline.Commit());
            pipeline.IsDirty.ShouldBeTrue();
        }

        pipeline.Commit();
        pipeline.IsDirty.ShouldBeFalse();
        store.GetCheckpoints().ShouldHaveSingleItem().Offset.ShouldBe(text.Length);
        store.ListIncidents(new() { Limit = 500 }).Total.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Evidence_of_clf_alone_is_held_for_a_person_and_trusted_clf_is_not()
    {
        Held(trust: false).ShouldNotBeNull().ShouldContain("CLF");
        Held(trust: true).ShouldBeNull();

        string? Held(bool trust)
        {
            using var store = Open();
            var pipeline = Pipeline(store, out _);
            var lines = string.Concat(Enumerable.Range(0, 12).Select(i =>
                $"198.51.100.116 - - [21/Nov/2026:07:28:{i:00} +0000] \"GET /{Secrets[i]} HTTP/1.1\" 404 512 \"-\" \"Mozilla/5.0\" {i + 1} \"shop@file\" \"http://127.0.0.1:9001\" 1ms\n"));
            var bytes = System.Text.Encoding.UTF8.GetBytes(lines);
            pipeline.Read(new("access.log", "1:2", bytes, bytes.Length, 1, _log with { TrustClf = trust }));
            return pipeline.Commit().Single(static i => i.Recommendation?.Action == RuleAction.Block).Recommendation!.Held;
        }
    }

    private static readonly string[] Secrets =
        [".env", ".git/config", ".aws/credentials", ".ssh/id_rsa", ".npmrc", ".htpasswd", ".env.production", ".netrc", ".env.bak", ".svn/entries", ".env.local", "id_rsa"];

    /// <summary>Reads the recording in blocks of random size, storing at random; a kill forgets all that is in memory.</summary>
    private List<string> Run(Random random, int kills)
    {
        var store = Open();
        var pipeline = Pipeline(store, out _);
        var text = Recording;
        var offset = 0;
        var chaos = new Random(random.Next());
        try
        {
            while (offset < text.Length)
            {
                var length = Math.Min(random.Next(1, 400_000), text.Length - offset);
                var end = offset + LineBoundary.CompleteLength(text.AsSpan(offset, length));
                if (end == offset)
                {
                    continue;
                }

                pipeline.Read(Block(text, offset, end));
                offset = end;
                if (pipeline.IsDue || random.Next(3) == 0)
                {
                    pipeline.Commit();
                }

                if (kills > 0 && chaos.Next(4) == 0)
                {
                    kills--;
                    store.Dispose();
                    store = new SqliteStore(DatabasePath);
                    pipeline = Pipeline(store, out var checkpoint);
                    offset = (int)checkpoint;
                }
            }

            pipeline.Commit();
            return [.. store.ListIncidents(new() { Limit = 1000 }).Items
                .Select(static i => $"{i.Subject} {i.Threat} {i.Severity} {i.Status} {i.Evidence.Requests} {i.Evidence.Matched} {i.Evidence.DistinctPaths} {i.Clients.Count}")
                .Where(static i => !i.StartsWith("campaign", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        }
        finally
        {
            store.Dispose();
        }
    }

    private LineBlock Block(byte[] text, int from, int to) => new("access.log", "1:2", text.AsMemory(from, to - from), to, 1, _log);

    private string DatabasePath => Path.Combine(_folder.FullName, $"{_databases}.db");

    private SqliteStore Open()
    {
        _databases++;
        return new(DatabasePath);
    }

    private LogPipeline Pipeline(IStore store, out long checkpoint)
    {
        var detector = new Detector(_rules, new());
        foreach (var row in store.GetClientStates())
        {
            detector.TryRestore(row).ShouldBeTrue();
        }

        var book = new IncidentBook(TimeProvider.System);
        book.Load(store);
        var allowlist = new Allowlist(TimeProvider.System, static (_, _) => throw new InvalidOperationException("no names here"));
        checkpoint = store.GetCheckpoints().SingleOrDefault()?.Offset ?? 0;
        return new(detector, book, allowlist, new Recommender(new(), null, static () => null), store, TimeProvider.System);
    }

    /// <summary>Another process holds the database for writing.</summary>
    private Microsoft.Data.Sqlite.SqliteConnection Blockade()
    {
        var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE";
        command.ExecuteNonQuery();
        return other;
    }

    private static byte[] Unpack([CallerFilePath] string file = "")
    {
        using var packed = File.OpenRead(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "samples", "recording-a", "access.jsonl.gz"));
        using var text = new GZipStream(packed, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        text.CopyTo(bytes);
        return bytes.ToArray();
    }
}
