using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Disk;
using DevOpsAgent.LogStore.Ingest;

namespace DevOpsAgent.Bench;

/// <summary>
/// The embedded log store: a million lines of the recording read from a file into a store on disk, then the five queries that
/// an investigation asks, warm, on the store opened anew. Times are the whole call: JSON in, JSON out.
/// </summary>
internal static class DslBench
{
    private static readonly (string Key, string Body)[] Queries =
    [
        ("top_ms", """{"size":0,"query":{"bool":{"filter":[{"range":{"DownstreamStatus":{"gte":400,"lt":500}}},{"range":{"@timestamp":{"gte":"$FROM","lt":"$TO"}}}]}},"aggs":{"clients":{"terms":{"field":"source.ip","size":10}}}}"""),
        ("histogram_ms", """{"size":0,"aggs":{"t":{"date_histogram":{"field":"@timestamp","fixed_interval":"1h"},"aggs":{"clients":{"cardinality":{"field":"source.ip"}}}}}}"""),
        ("wildcard_ms", """{"size":10,"query":{"wildcard":{"RequestPath.keyword":{"value":"*/.env*"}}},"sort":[{"@timestamp":"desc"}]}"""),
        ("composite_ms", """{"size":0,"query":{"range":{"DownstreamStatus":{"gte":400,"lt":500}}},"aggs":{"c":{"composite":{"size":1000,"sources":[{"ip":{"terms":{"field":"source.ip"}}},{"status":{"terms":{"field":"DownstreamStatus"}}}]}}}}"""),
        ("top_hits_ms", """{"size":0,"query":{"range":{"DownstreamStatus":{"gte":400,"lt":500}}},"aggs":{"c":{"terms":{"field":"source.ip","size":10},"aggs":{"last":{"top_hits":{"size":3,"sort":[{"@timestamp":"desc"}],"_source":["RequestPath","DownstreamStatus"]}}}}}}"""),
    ];

    public static Task<JsonObject> RunAsync(BenchOptions options)
    {
        var corpus = Corpus.Json(options);
        var folder = Path.Combine(options.Cache, $"store-{options.Lines}");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        // The service has long been running when the millionth line comes: what the compiler does first is not counted.
        var warm = Path.Combine(options.Cache, "store-warm");
        using (var directory = new LogStoreDirectory(warm, new(), TimeProvider.System))
        {
            Ingest(corpus, directory, 200_000);
        }

        Directory.Delete(warm, recursive: true);
        var clock = Stopwatch.StartNew();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        long documents;
        using (var directory = new LogStoreDirectory(folder, new(), TimeProvider.System))
        {
            documents = Ingest(corpus, directory, int.MaxValue);
            directory.Flush();
        }

        var seconds = clock.Elapsed.TotalSeconds;
        var cpuSeconds = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        var stored = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(static f => new FileInfo(f).Length);
        var figures = new JsonObject
        {
            ["documents"] = documents,
            ["ingest_lines_per_second"] = Math.Round(documents / seconds),
            ["ingest_cpu_us_per_line"] = Math.Round(cpuSeconds * 1e6 / documents, 2),
            ["bytes_ratio"] = Math.Round((double)stored / new FileInfo(corpus).Length, 3),
        };
        using var opened = new LogStoreDirectory(folder, new(), TimeProvider.System);
        var api = new ElasticApi(opened.Catalog, TimeProvider.System, allowWrites: false);
        var (from, to) = Hour(api);
        var rounds = options.Rounds > 0 ? options.Rounds : 11;
        var spread = new JsonObject();
        foreach (var (key, body) in Queries)
        {
            var bytes = Encoding.UTF8.GetBytes(body.Replace("$FROM", from, StringComparison.Ordinal).Replace("$TO", to, StringComparison.Ordinal));
            var first = Time(api, bytes);
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            List<double> times = [.. Enumerable.Range(0, rounds).Select(_ => Time(api, bytes))];
            var used = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds / rounds;
            figures[key] = Math.Round(Figures.Median(times), 2);
            figures[key.Replace("_ms", "_cpu_ms", StringComparison.Ordinal)] = Math.Round(used, 2);
            spread[key] = Figures.Spread(times);
            figures[key.Replace("_ms", "_cold_ms", StringComparison.Ordinal)] = Math.Round(first, 1);
        }

        figures["memory_mb"] = Math.Round(Measured.StatusMb(Environment.ProcessId, "VmRSS"));
        figures["rounds"] = rounds;
        figures["spread"] = spread;
        return Task.FromResult(figures);
    }

    private static long Ingest(string corpus, LogStoreDirectory directory, long most)
    {
        var ingest = new LogIngest(directory.Catalog, directory, "traefik-logs", ClientResolver.Direct);
        if (!FileReader.TryOpen(corpus, out var reader, out var problem))
        {
            throw new InvalidOperationException(problem);
        }

        using (reader)
        using (var pipeline = new IngestPipeline(ingest))
        {
            while (ingest.Documents < most && reader.TryReadNext(out var block))
            {
                using (block)
                {
                    pipeline.Add(block.Bytes.Span);
                }
            }

            pipeline.Complete();
        }

        return ingest.Documents;
    }

    /// <summary>The hour in the middle of the log.</summary>
    private static (string From, string To) Hour(ElasticApi api)
    {
        var answer = api.Handle(new("POST", "/traefik-logs-*/_search", """{"size":0,"aggs":{"a":{"min":{"field":"@timestamp"}},"b":{"max":{"field":"@timestamp"}}}}"""u8.ToArray()));
        using var json = JsonDocument.Parse(answer.Body);
        var aggregations = json.RootElement.GetProperty("aggregations");
        var middle = (aggregations.GetProperty("a").GetProperty("value").GetDouble() + aggregations.GetProperty("b").GetProperty("value").GetDouble()) / 2;
        var from = DateTimeOffset.FromUnixTimeMilliseconds((long)middle);
        return (from.ToString("yyyy-MM-ddTHH:mm:ssZ", null), from.AddHours(1).ToString("yyyy-MM-ddTHH:mm:ssZ", null));
    }

    private static double Time(ElasticApi api, byte[] body)
    {
        var clock = Stopwatch.GetTimestamp();
        var answer = api.Handle(new("POST", "/traefik-logs-*/_search", body));
        var elapsed = Stopwatch.GetElapsedTime(clock).TotalMilliseconds;
        return answer.Status == 200 ? elapsed : throw new InvalidOperationException(Encoding.UTF8.GetString(answer.Body));
    }
}
