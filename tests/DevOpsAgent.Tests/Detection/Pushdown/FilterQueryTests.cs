using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Detection.Pushdown;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.Tests.Service.Elasticsearch;

namespace DevOpsAgent.Tests.Detection.Pushdown;

/// <summary>A rule's query must find every event that the rule's filter lets through, however the attacker spells it.</summary>
public sealed class FilterQueryTests
{
    private static readonly RuleSet Rules = RuleLibrary.Load(new DetectionConfig());

    private static readonly EventFields Fields = new(new Dictionary<EventRole, EventField>
    {
        [EventRole.Time] = new("@timestamp", "@timestamp", "date"), [EventRole.ClientHost] = new("ClientHost.keyword", "ClientHost", "keyword"), [EventRole.Status] = new("DownstreamStatus", "DownstreamStatus", "long"),
        [EventRole.Path] = new("RequestPath.keyword", "RequestPath", "keyword"), [EventRole.Method] = new("RequestMethod.keyword", "RequestMethod", "keyword"),
        [EventRole.Agent] = new("request_User-Agent.keyword", "request_User-Agent", "keyword"), [EventRole.User] = new("ClientUsername.keyword", "ClientUsername", "keyword"),
    }, isEcs: false);

    /// <summary>Every way to write a path that the classifier sees through, applied to what it looks for.</summary>
    private static readonly Func<string, string>[] Spellings =
    [
        static p => p, static p => p.ToUpperInvariant(), static p => "/" + p, static p => "/." + p, static p => p + "/", static p => p + "?x=1", static p => p + ";a=b", static p => p + ".", static p => p + "%20", static p => p + "%00.png",
        static p => p + "::$DATA", static p => "/x/.." + p, static p => p.Replace("/", "//", StringComparison.Ordinal), static p => p.Replace("/", "/./", StringComparison.Ordinal), static p => p.Replace("/", "%2f", StringComparison.Ordinal),
        static p => p.Replace("/", "%252F", StringComparison.Ordinal), static p => p.Replace("/", "\\", StringComparison.Ordinal), static p => p.Replace(".", "%2e", StringComparison.Ordinal), static p => p.Replace(".", "%25252e", StringComparison.Ordinal),
        static p => p.Replace(".", "%u002e", StringComparison.Ordinal), static p => p.Replace(".", "%c0%ae", StringComparison.Ordinal), static p => p.Replace(".", "．", StringComparison.Ordinal),
        static p => p.Replace("e", "%65", StringComparison.Ordinal), static p => p.Replace("a", "%2561", StringComparison.Ordinal), static p => p.Replace("_", "%5f", StringComparison.Ordinal),
        static p => p.Replace("/", ";v=1/", StringComparison.Ordinal), static p => p.Replace("/", " /", StringComparison.Ordinal), static p => p.Replace("/", "%20/", StringComparison.Ordinal), static p => p.Replace("-", "%2D", StringComparison.Ordinal), static p => p.Replace("~", "%7E", StringComparison.Ordinal),
        static p => string.Concat(p.Select(static c => c == '/' ? "/" : $"%{(int)c:x2}")), static p => "/a" + p, static p => "/a/b" + p, static p => p + new string('x', 300), static p => "/" + new string('y', 300) + "/.." + p,
    ];

    [Fact]
    public void Nothing_that_a_list_matches_is_missed()
    {
        var paths = Rules.Lists.Lists.SelectMany(static l => l.Patterns.Where((_, i) => i % 7 == 0 || l.Patterns.Count < 100).Select(static p => Sample(p.Text))).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var spelled = paths.SelectMany(static (p, i) => Spellings.Where((_, s) => s == 0 || s % 4 == i % 4).Select(s => s(p))).Concat(paths.Take(400).Select(static p => "/search?q=" + Uri.EscapeDataString(p[1..]))).Distinct(StringComparer.Ordinal);
        Check(spelled.Select(static p => (p, "Mozilla/5.0")), ignoreAbove: 256).ShouldBeGreaterThan(5000);
    }

    [Fact]
    public void Nothing_of_the_recording_is_missed_and_the_rest_is_left_alone()
    {
        var events = new List<(string, string)>();
        using var packed = new GZipStream(File.OpenRead(Path.Combine(Watching.Samples, "recording-a", "access.jsonl.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(packed);
        while (reader.ReadLine() is { } line)
        {
            using var json = JsonDocument.Parse(line);
            events.Add((json.RootElement.GetProperty("RequestPath").GetString()!, json.RootElement.TryGetProperty("request_User-Agent", out var agent) ? agent.GetString()! : ""));
        }

        Check(events.Distinct(), ignoreAbove: 256).ShouldBeGreaterThan(3000);
    }

    [Theory]
    [InlineData("/products/17?page=2&sort=price")]
    [InlineData("/api/v1/items?limit=50&filter=name%20eq%20%27x%27&next=%2Fhome%3Fa%3Db")]
    [InlineData("/assets/app-4f3a2b.js")]
    [InlineData("/blog/2026/11/%E3%81%82%E3%82%8A%E3%81%8C%E3%81%A8%E3%81%86")]
    [InlineData("/account/orders;jsessionid=8F3A2B")]
    [InlineData("/search?q=union+of+select+wines")]
    [InlineData("/docs/setup/config-reference")]
    public void What_people_ask_for_is_in_no_query_of_a_secret_or_a_hole(string path)
    {
        var filters = new FilterQuery(Rules.Lists, Fields);
        using var store = Store([(path, "Mozilla/5.0 (X11; Linux x86_64)")], 256);
        foreach (var list in new[] { "secret-files", "web-shells", "injection", "traversal", "backup-files" })
        {
            Rules.Lists.TryGetMask(list, out var mask).ShouldBeTrue();
            Found(store, filters.Of(new() { PathAny = mask })!).ShouldBeEmpty($"{list} meets {path}");
        }
    }

    [Fact]
    public void No_regular_expression_is_longer_than_Elasticsearch_reads()
    {
        foreach (var list in Rules.Lists.Lists)
        {
            PathRegexp.Of(list).Concat(PathRegexp.OfAgents(list)).ShouldAllBe(static r => r.Length <= 1000 && !Regex.IsMatch(r, @"(?<!\\)[(|]\||(?<!\\)\|\)", RegexOptions.None, TimeSpan.FromSeconds(5)));
        }

        RuleProbe.Of(Rules, Fields).Count.ShouldBe(Rules.Rules.Count);
    }

    [Fact]
    public void A_rule_asks_for_the_count_that_it_needs()
    {
        var probes = RuleProbe.Of(Rules, Fields).ToDictionary(static p => p.RuleId);
        probes["secret-files"].ShouldSatisfyAllConditions(static p => p.AtLeast.ShouldBe(5), static p => p.IsDistinct.ShouldBeTrue(), static p => p.Within.ShouldBe(TimeSpan.FromHours(24)));
        probes["login-guessing"].ShouldSatisfyAllConditions(static p => p.AtLeast.ShouldBe(25), static p => p.IsDistinct.ShouldBeFalse());
        probes["sensitive-path-rate"].Within.ShouldBe(TimeSpan.FromMinutes(1));
        probes["distributed-probes"].AtLeast.ShouldBe(2);
        probes["directory-scan-extensions"].AtLeast.ShouldBe(20);
    }

    /// <summary>For each list: what the classifier finds must be among what the query finds. Returns how many it found.</summary>
    private static int Check(IEnumerable<(string Path, string Agent)> events, int ignoreAbove)
    {
        return events.Chunk(9000).Sum(all => CheckPart(all, ignoreAbove));
    }

    private static int CheckPart((string Path, string Agent)[] all, int ignoreAbove)
    {
        using var store = Store(all, ignoreAbove);
        var filters = new FilterQuery(Rules.Lists, Fields);
        var classifier = new Classifier(Rules.Lists);
        var scratch = new ClassifierScratch();
        var facts = all.Select(e => classifier.Classify(new LogEvent { Path = Encoding.UTF8.GetBytes(e.Path), Agent = Encoding.UTF8.GetBytes(e.Agent), Status = 404 }, scratch)).ToList();
        var matched = 0;
        foreach (var list in Rules.Lists.Names)
        {
            Rules.Lists.TryGetMask(list, out var mask);
            foreach (var (filter, tags) in new (RequestFilter, Func<EventFacts, ulong>)[] { (new() { PathAny = mask }, static f => f.Tags), (new() { AgentAny = mask }, static f => f.AgentTags) })
            {
                var found = Found(store, filters.Of(filter)!);
                for (var i = 0; i < all.Length; i++)
                {
                    if ((tags(facts[i]) & mask) != 0)
                    {
                        matched++;
                        found.ShouldContain(i, $"{list} means {all[i]}");
                    }
                }
            }
        }

        return matched;
    }

    private static HashSet<int> Found(IndexCatalog store, QueryNode query)
    {
        var answer = new ElasticApi(store, TimeProvider.System).Handle(new("POST", "/logs/_search?filter_path=hits.hits._id,error,_shards", SearchWriter.Write(new() { Query = query, Size = 10_000, TrackTotalHits = 0, Source = SourceFilter.None })));
        answer.Status.ShouldBe(200, Encoding.UTF8.GetString(answer.Body));
        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.TryGetProperty("hits", out var hits) ? [.. hits.GetProperty("hits").EnumerateArray().Select(static h => int.Parse(h.GetProperty("_id").GetString()!))] : [];
    }

    private static IndexCatalog Store(IReadOnlyList<(string Path, string Agent)> events, int ignoreAbove)
    {
        var store = new IndexCatalog();
        var api = new ElasticApi(store, TimeProvider.System);
        var text = """{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":N}}}""".Replace("N", ignoreAbove.ToString(), StringComparison.Ordinal);
        api.Handle(new("PUT", "/logs", Encoding.UTF8.GetBytes("""{"mappings":{"properties":{"RequestPath":TYPE,"request_User-Agent":TYPE}}}""".Replace("TYPE", text, StringComparison.Ordinal)))).Status.ShouldBe(200);
        var bulk = new StringBuilder();
        for (var i = 0; i < events.Count; i++)
        {
            bulk.Append("{\"index\":{\"_id\":\"").Append(i).Append("\"}}\n").Append(JsonSerializer.Serialize(new Dictionary<string, string> { ["RequestPath"] = events[i].Path, ["request_User-Agent"] = events[i].Agent })).Append('\n');
        }

        Encoding.UTF8.GetString(api.Handle(new("POST", "/logs/_bulk", Encoding.UTF8.GetBytes(bulk.ToString()), "application/x-ndjson")).Body).ShouldContain("\"errors\":false");
        return store;
    }

    /// <summary>A path that the pattern matches.</summary>
    private static string Sample(string pattern) => pattern[0] == '~' ? "/x/" + pattern[1..]
        : "/" + (pattern.EndsWith("/**", StringComparison.Ordinal) ? pattern[..^2] + "deep/file" : pattern.EndsWith("/*", StringComparison.Ordinal) ? pattern[..^1] + "file" : pattern.Replace("*", "old", StringComparison.Ordinal)).TrimStart('/');
}
