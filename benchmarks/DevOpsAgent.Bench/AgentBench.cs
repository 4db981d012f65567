using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Agent;
using DevOpsAgent.Agent.Guardrails;
using DevOpsAgent.Agent.Results;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Ingest;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Bench;

/// <summary>
/// What the agent costs besides the model: whole runs with a client that answers at once (a double), over the real gateway,
/// guards, receipts and SQLite on disk. Each turn: one exchange, one query of 20 rows through guardrails, two durable records
/// of each. And a query's answer of 10,000 rows, reduced to what the model is shown.
/// </summary>
internal static class AgentBench
{
    private const int Turns = 8;
    private const int Rows = 10_000;

    /// <summary>Rounds before the first that counts: until then the compiler's second pass takes most of the time. The published program has none.</summary>
    private const int Warming = 80;

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var rounds = options.Rounds > 0 ? options.Rounds : 21;
        var (turns, searches, processor) = await TurnsAsync(rounds);
        var (reduce, shown) = Reduce(rounds);
        return new()
        {
            ["turn_ms"] = Math.Round(Figures.Median(turns), 3),
            ["turn_cpu_ms"] = Math.Round(processor, 3),
            ["turn_query_ms"] = Math.Round(Figures.Median(searches), 3),
            ["reduce_10000_rows_ms"] = Math.Round(Figures.Median(reduce), 3),
            ["reduce_shown_characters"] = shown,
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread(turns),
        };
    }

    /// <summary>Milliseconds of one turn, of its query alone in the log store, and of all processors per turn (signatures included, which are made meanwhile).</summary>
    private static async Task<(List<double> Turns, List<double> Searches, double Processor)> TurnsAsync(int rounds)
    {
        var time = TimeProvider.System;
        var folder = Directory.CreateTempSubdirectory("bench-agent-");
        try
        {
            using var store = new SqliteStore(Path.Combine(folder.FullName, "agent.db"));
            var config = new AgentConfig
            {
                Llm = new() { Url = "http://localhost/api/chat", ContextWindow = 1_000_000 },
                Agent = new() { MaxTurns = Turns + 3, MaxTokens = 100_000_000, MaxRows = 1_000_000 },
                Guards = new() { Rate = new() { Calls = 1_000_000, Per = TimeSpan.FromSeconds(1) } },
            };
            await using var parts = new AgentParts(config, store, store.Receipts, KeyRing.InMemory(time), time, static _ => { });
            using var catalog = new IndexCatalog();
            new LogIngest(catalog, null, LogStoreFeed.IndexPrefix, new ClientResolver([])).Add(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 5_000).Select(Line))));
            var search = new EmbeddedSearch(catalog, time, LogStoreFeed.IndexPrefix + "-*");
            parts.Logs.Search = search;
            store.Commit(new() { Incidents = [new(Incident(), new() { IncidentId = 0, From = null, To = IncidentStatus.Recommended, At = Start, By = "rule", Origin = "service" })] });
            var incident = store.GetIncident(1)!;
            var (turns, searches) = (new List<double>(), new List<double>());
            var processor = TimeSpan.Zero;
            for (var round = 1 - Warming; round <= rounds; round++)
            {
                if (round == 1)
                {
                    processor = Environment.CpuUsage.TotalTime;
                }

                using var model = new Instant();
                var agent = parts.AgentOf(model, "instant", config, Caller.Service, time);
                var done = await agent.InvestigateAsync(incident, null, CancellationToken.None);
                if (done.End != RunEnd.Answered || done.Turns != Turns + 2)
                {
                    throw new InvalidOperationException($"{done.End} after {done.Turns} turns: {done.EndText}");
                }

                // Between two questions to the model: all that is ours.
                if (round > 0)
                {
                    turns.AddRange(model.Between.Skip(1).Take(Turns - 1));
                }
            }

            processor = Environment.CpuUsage.TotalTime - processor;
            for (var i = 0; i < rounds; i++)
            {
                var clock = Stopwatch.GetTimestamp();
                await new QueryLogsTool(search, DevOpsAgent.Logs.Query.QueryLimits.Model).AnswerAsync(new(null, Query(i)), CancellationToken.None);
                searches.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            }

            return (turns, searches, processor.TotalMilliseconds / (rounds * (Turns + 2)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static (List<double> Times, int Shown) Reduce(int rounds)
    {
        var text = new StringBuilder("{\"hits\":{\"total\":{\"value\":10000,\"relation\":\"gte\"},\"hits\":[");
        for (var i = 0; i < Rows; i++)
        {
            text.Append(i == 0 ? "" : ",").Append("{\"_index\":\"traefik-logs-2026.03.01\",\"_id\":\"").Append(i).Append("\",\"_score\":null,\"_source\":").Append(Line(i)).Append('}');
        }

        using var json = JsonDocument.Parse(text.Append("]}}").ToString());
        var times = new List<double>();
        var shown = 0;
        for (var round = 1 - Warming; round <= rounds; round++)
        {
            var results = new ResultText(new InputRails(new()));
            var clock = Stopwatch.GetTimestamp();
            var tree = HitTable.Of(json.RootElement, 50, out _);
            results.Of("q1", tree, new(), out var sent);
            shown = sent.Length;
            if (round > 0)
            {
                times.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            }
        }

        return (times, shown);
    }

    private static string Query(int n) => $$$$$"""{"size":20,"query":{"bool":{"filter":[{"term":{"source.ip":"203.0.113.7"}},{"range":{"DownstreamStatus":{"gte":{{{{{n % 400}}}}}}}}]}},"sort":[{"@timestamp":"desc"}]}""";

    private static string Line(int i) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"ClientAddr":"203.0.113.{{i % 40}}:5{{i % 1000:D4}}","ClientHost":"203.0.113.{{i % 40}}","ClientPort":"50{{i % 1000:D3}}","ClientUsername":"-","DownstreamContentSize":19,"DownstreamStatus":404,"Duration":{{100_000 + i}},"OriginDuration":{{90_000 + i}},"OriginStatus":404,"Overhead":10000,"RequestAddr":"shop.example","RequestContentSize":0,"RequestCount":{{i}},"RequestHost":"shop.example","RequestMethod":"GET","RequestPath":"/backup/{{i}}/wp-config.php?x={{i}}","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"https","RetryAttempts":0,"RouterName":"web@file","StartLocal":"2026-03-01T12:{{i / 60 % 60:D2}}:{{i % 60:D2}}Z","StartUTC":"2026-03-01T12:{{i / 60 % 60:D2}}:{{i % 60:D2}}Z","entryPointName":"websecure","level":"info","msg":"","request_User-Agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","time":"2026-03-01T12:{{i / 60 % 60:D2}}:{{i % 60:D2}}Z"}""");

    private static Incident Incident() => new()
    {
        Subject = "203.0.113.7",
        Clients = [ClientAddress.Parse("203.0.113.7")],
        Threat = "secrets-scan",
        Severity = Severity.High,
        Status = IncidentStatus.Recommended,
        DetectedAt = Start,
        UpdatedAt = Start,
        Summary = "Asked for 61 secret files in 48 s, got 404 each time.",
        Evidence = new() { FirstSeen = Start, LastSeen = Start.AddMinutes(50), Requests = 125, Matched = 125, Samples = ["{}"], Chart = new() { Start = Start } },
        Recommendation = new() { Action = RuleAction.Block, Ranges = [AddressRange.Parse("203.0.113.7")], Why = "scan", Where = "here", Ttl = TimeSpan.FromHours(4), ProposedBy = "rule secret-files", Change = "" },
    };

    /// <summary>A double of a model's client: queries, says READY, concludes; takes no time.</summary>
    private sealed class Instant : IChatClient
    {
        private int _asked;
        private long _answered;

        /// <summary>Milliseconds from each answer to the next question.</summary>
        public List<double> Between { get; } = [];

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            if (_asked++ > 0)
            {
                Between.Add(Stopwatch.GetElapsedTime(_answered).TotalMilliseconds);
            }

            await Task.Yield();
            AIContent answer = _asked <= Turns ? new FunctionCallContent("c", "query_logs", new Dictionary<string, object?>(StringComparer.Ordinal) { ["query"] = Query(_asked) })
                : _asked == Turns + 1 ? new TextContent("READY")
                : new FunctionCallContent("c", ConclusionReader.Name, new Dictionary<string, object?>(StringComparer.Ordinal) { ["verdict"] = "confirmed", ["confidence"] = 90, ["summary"] = "Scan.", ["evidence"] = new[] { "q1" }, ["action"] = "block" });
            _answered = Stopwatch.GetTimestamp();
            yield return new(ChatRole.Assistant, [answer]);
        }

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
