using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

public sealed partial class LineParserTests
{
    private const string Json =
        """{"ClientAddr":"198.51.100.9:5","ClientHost":"198.51.100.9","DownstreamStatus":404,"Duration":1500,"RequestCount":80,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"/.env","RouterName":"shop@file","StartUTC":"2026-11-21T07:36:38.5Z","request_User-Agent":"curl/8"}""";

    private const string Clf =
        "198.51.100.9 - - [21/Nov/2026:07:36:38 +0000] \"GET /.env HTTP/1.1\" 404 512 \"-\" \"curl/8\" 80 \"shop@file\" \"http://127.0.0.1:9001\" 1ms";

    private readonly LineParser _parser = new(ClientResolver.Direct);

    [Theory]
    [InlineData("logs/traefik-v3.jsonl")]
    [InlineData("logs/traefik-v2.jsonl")]
    public void Json_lines_read_as_another_reader_reads_them(string file)
    {
        foreach (var line in ParsedLine.Lines(file))
        {
            var e = ParsedLine.Of(_parser, line);
            var d = JsonNode.Parse(line)!;
            Text(e, "client").ShouldBe(Text(d, "ClientHost"));
            Text(e, "client_host").ShouldBe(Text(d, "ClientHost"));
            Text(e, "status").ShouldBe(Text(d, "DownstreamStatus"));
            Text(e, "duration_ns").ShouldBe(Text(d, "Duration"));
            Text(e, "size").ShouldBe(Text(d, "DownstreamContentSize"));
            Text(e, "request_count").ShouldBe(Text(d, "RequestCount"));
            Text(e, "method").ShouldBe(Text(d, "RequestMethod"));
            Text(e, "host").ShouldBe(Text(d, "RequestHost"));
            Text(e, "path").ShouldBe(Text(d, "RequestPath"));
            Text(e, "agent").ShouldBe(Text(d, "request_User-Agent"));
            Text(e, "router").ShouldBe(Text(d, "RouterName"));
            Text(e, "entry_point").ShouldBe(Text(d, "entryPointName"));
            Text(e, "user").ShouldBe(Text(d, "ClientUsername").Replace("-", "", StringComparison.Ordinal));
            Text(e, "flags").ShouldBe("None");
            var start = DateTimeOffset.Parse(Text(d, "StartUTC"), CultureInfo.InvariantCulture);
            var read = DateTimeOffset.Parse(Text(e, "time"), CultureInfo.InvariantCulture);
            (start - read).Duration().ShouldBeLessThanOrEqualTo(TimeSpan.FromTicks(1));
        }
    }

    [Fact]
    public void Clf_lines_read_as_another_reader_reads_them()
    {
        foreach (var line in ParsedLine.Lines("logs/traefik.clf.log"))
        {
            var e = ParsedLine.Of(_parser, line);
            var d = ClfColumns().Match(Encoding.UTF8.GetString(line)).Groups;
            Text(e, "format").ShouldBe("Clf");
            Text(e, "flags").ShouldBe("Forgeable");
            Text(e, "client").ShouldBe(d["c1"].Value);
            Text(e, "user").ShouldBe(Dash(d["c2"].Value));
            Text(e, "method").ShouldBe(d["c4"].Value);
            Text(e, "path").ShouldBe(d["c5"].Value);
            Text(e, "status").ShouldBe(d["c6"].Value);
            Text(e, "size").ShouldBe(d["c7"].Value);
            Text(e, "agent").ShouldBe(Dash(d["c9"].Value));
            Text(e, "request_count").ShouldBe(d["c10"].Value);
            Text(e, "router").ShouldBe(Dash(d["c11"].Value));
            Text(e, "duration_ns").ShouldBe((long.Parse(d["c13"].Value, CultureInfo.InvariantCulture) * 1_000_000).ToString(CultureInfo.InvariantCulture));
            DateTimeOffset.Parse(Text(e, "time"), CultureInfo.InvariantCulture)
                .ShouldBe(DateTimeOffset.ParseExact(d["c3"].Value, "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Every_format_behind_every_wrapper()
    {
        var generic = Clf[..Clf.IndexOf(" 80 ", StringComparison.Ordinal)];
        foreach (var (inner, format) in new[] { (Json, LogFormat.Json), (Clf, LogFormat.Clf), (generic, LogFormat.GenericClf) })
        {
            string[] lines =
            [
                inner,
                inner + "\r",
                inner + "\r\n",
                "\uFEFF" + inner,
                "\0\0\0" + inner,
                "2026-11-21T07:40:01.123456789Z stdout F " + inner,
                "2026-11-21T07:40:01+01:00 stdout F " + inner,
                """{"log":""" + JsonSerializer.Serialize(inner + "\n") + ""","stream":"stdout","time":"2026-11-21T07:40:02Z"}""",
                """{ "time": "2026-11-21T07:40:02Z", "stream": "stdout", "log": """ + JsonSerializer.Serialize(inner) + " }",
                "2026-11-21T07:40:01.1Z stdout F " + """{"log":""" + JsonSerializer.Serialize(inner + "\n") + "}",
            ];
            foreach (var line in lines)
            {
                var e = ParsedLine.Of(_parser, Encoding.UTF8.GetBytes(line));
                e.ContainsKey("unparsed").ShouldBeFalse(line + e.ToJsonString());
                Text(e, "format").ShouldBe(format.ToString());
                Text(e, "client").ShouldBe("198.51.100.9");
                Text(e, "path").ShouldBe("/.env");
                Text(e, "status").ShouldBe("404");
                Text(e, "agent").ShouldBe("curl/8");
                Text(e, "time").ShouldStartWith("2026-11-21T07:36:38.");
                Text(e, "request_count").ShouldBe(format == LogFormat.GenericClf ? "-1" : "80");
            }
        }
    }

    [Fact]
    public void Parts_of_two_streams_are_joined_apart()
    {
        Unparsed("2026-11-21T07:40:01.1Z stdout P " + Json[..50]).ShouldBe("part");
        Unparsed("2026-11-21T07:40:01.2Z stderr F level=error msg=nothing").ShouldBe("not-a-log-line");
        Unparsed("2026-11-21T07:40:01.3Z stdout P " + Json[50..90]).ShouldBe("part");
        Path("2026-11-21T07:40:01.4Z stdout F " + Json[90..]).ShouldBe("/.env");
        Path("2026-11-21T07:40:01.5Z stdout F " + Json).ShouldBe("/.env");
    }

    [Fact]
    public void Lines_that_Docker_cut_are_joined()
    {
        // Attack: a path so long that the record's end stands in another line of the container's log.
        foreach (var inner in new[] { Json, Clf })
        {
            var whole = inner.Replace("/.env", "/.env?" + new string('a', 40_000), StringComparison.Ordinal) + "\n";
            for (var start = 0; start < whole.Length; start += LineBoundary.DockerPart)
            {
                var part = whole.Substring(start, Math.Min(LineBoundary.DockerPart, whole.Length - start));
                var line = Encoding.UTF8.GetBytes(Docker(part, "stdout"));
                LineBoundary.IsPartial(line).ShouldBe(!part.EndsWith('\n'));
                if (!part.EndsWith('\n'))
                {
                    Unparsed(Docker(part, "stdout")).ShouldBe("part");
                    Unparsed(Docker("an error\n", "stderr")).ShouldBe("not-a-log-line");
                }
                else
                {
                    var e = Parse(Docker(part, "stdout"));
                    Text(e, "path").Length.ShouldBe(40_006);
                    Text(e, "flags").ShouldBe(inner == Json ? "None" : "Forgeable");
                }
            }
        }

        // A shipper that joined the parts itself.
        Path(Docker(Json.Replace("/.env", "/" + new string('a', 20_000), StringComparison.Ordinal), "stdout")).Length.ShouldBe(20_001);
        Path(Docker(Json + "\n", "stdout")).ShouldBe("/.env");
    }

    private static string Docker(string text, string stream) =>
        $"{{\"log\":{JsonSerializer.Serialize(text)},\"stream\":\"{stream}\",\"time\":\"2026-11-21T07:40:02Z\"}}";

    [Fact]
    public void A_forgotten_part_is_not_joined()
    {
        Unparsed("2026-11-21T07:40:01.1Z stdout P " + Json[..50]).ShouldBe("part");
        _parser.Reset();
        Path("2026-11-21T07:40:01.5Z stdout F " + Json).ShouldBe("/.env");
    }

    [Fact]
    public void Parts_without_end_are_one_long_line()
    {
        var part = "2026-11-21T07:40:01.1Z stdout P " + new string('a', 16_000);
        for (var i = 0; i < 10_000; i += 100)
        {
            Unparsed(part).ShouldBe("part");
        }

        Unparsed("2026-11-21T07:40:01.1Z stdout F }").ShouldBe("too-long");
        Path("2026-11-21T07:40:01.5Z stdout F " + Json).ShouldBe("/.env");
    }

    [Theory]
    [InlineData(""" "RequestPath":"/.env" """, """ "RequestPath":"/.env","requestpath":"/" """, "duplicate-key")]
    [InlineData(""" "RequestPath":"/.env" """, """ "RequestPath":"/.env","Request\u0050ath":"/" """, "duplicate-key")]
    [InlineData(""" "RequestPath":"/.env" """, """ "RequestPath":null """, "missing-field")]
    [InlineData(""" "RequestPath":"/.env" """, """ "RequestPath":"/\x" """, "invalid-json")]
    [InlineData(""" "RequestPath":"/.env" """, """ "RequestPath":"/.env" "x":1 """, "invalid-json")]
    [InlineData(""" "RequestPath":"/.env" """, """ "RequestPath":"/.env","x":{"y":[1,2} """, "invalid-json")]
    [InlineData(""" "RequestPath":"/.env" """, """ "RequestPath":"/.env","x":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]] """, "too-deep")]
    [InlineData(""" "DownstreamStatus":404 """, """ "DownstreamStatus":1000 """, "bad-status")]
    [InlineData(""" "DownstreamStatus":404 """, """ "DownstreamStatus":-1 """, "bad-status")]
    [InlineData(""" "DownstreamStatus":404 """, """ "DownstreamStatus":404.5 """, "bad-status")]
    [InlineData(""" "DownstreamStatus":404 """, """ "DownstreamStatus":"ok" """, "bad-status")]
    [InlineData(""" "DownstreamStatus":404 """, """ "x":404 """, "missing-field")]
    [InlineData(""" "StartUTC":"2026-11-21T07:36:38.5Z" """, """ "x":1 """, "missing-field")]
    [InlineData(""" "StartUTC":"2026-11-21T07:36:38.5Z" """, """ "StartUTC":"1970-01-01T00:00:00Z" """, "bad-time")]
    [InlineData(""" "StartUTC":"2026-11-21T07:36:38.5Z" """, """ "StartUTC":"2026-02-29T00:00:00Z" """, "bad-time")]
    [InlineData(""" "StartUTC":"2026-11-21T07:36:38.5Z" """, """ "time":"2026-11-21T07:36:38Z","time":"2025-11-21T07:36:38Z" """, "duplicate-key")]
    public void A_bad_json_line_is_refused_with_its_reason(string part, string replacement, string reason) =>
        Unparsed(Json.Replace(part.Trim(), replacement.Trim(), StringComparison.Ordinal)).ShouldBe(reason);

    [Theory]
    [InlineData("", "empty")]
    [InlineData("   \t", "empty")]
    [InlineData("\0\0\0\0", "binary")]
    [InlineData("\u0001\u0002ELF", "binary")]
    [InlineData("{}", "not-a-log-line")]
    [InlineData("{\"level\":\"info\",\"msg\":\"Configuration loaded\",\"time\":\"2026-11-21T07:36:38Z\"}", "not-a-log-line")]
    [InlineData("{\"log\":\"Configuration loaded\\n\",\"stream\":\"stderr\"}", "not-a-log-line")]
    [InlineData("{\"log\":\"{\\\"log\\\":\\\"{}\\\"}\"}", "not-a-log-line")]
    [InlineData("{\"a\":{\"RequestPath\":\"/\"},\"b\":{\"RequestPath\":\"/\"}}", "duplicate-key")]
    [InlineData("{", "truncated")]
    [InlineData("{\"ClientAddr\"", "truncated")]
    [InlineData("{\"ClientAddr\":", "truncated")]
    [InlineData("{\"ClientAddr\":\"1.2.3.4\\", "truncated")]
    [InlineData("{,}", "invalid-json")]
    [InlineData("{\"a\":}", "invalid-json")]
    [InlineData("time=\"2026-11-21T07:36:38Z\" level=info msg=\"Configuration loaded\"", "not-a-log-line")]
    public void What_is_no_record_says_why(string line, string reason) => Unparsed(line).ShouldBe(reason);

    [Fact]
    public void A_line_may_be_as_long_as_the_limit()
    {
        var fill = new string('a', LineBoundary.MaxLine - Json.Length);
        Path(Json.Replace("/.env", "/.env" + fill, StringComparison.Ordinal)).Length.ShouldBe(fill.Length + 5);
        Unparsed(Json.Replace("/.env", "/.env" + fill + "b", StringComparison.Ordinal)).ShouldBe("too-long");
    }

    [Fact]
    public void Time_falls_back_to_the_local_start_and_then_to_the_end()
    {
        var without = Json.Replace("StartUTC", "StartX", StringComparison.Ordinal);
        var local = without.Replace("{", """{"StartLocal":"2026-11-21T09:00:00+02:00","time":"2026-11-21T08:00:00Z",""", StringComparison.Ordinal);
        Text(Parse(local), "time").ShouldBe("2026-11-21T07:00:00.0000000Z");
        var end = without.Replace("{", """{"time":"2026-11-21T08:00:00Z",""", StringComparison.Ordinal);
        Text(Parse(end), "time").ShouldBe("2026-11-21T08:00:00.0000000Z");
    }

    [Theory]
    [InlineData("\"404\"", "\"8.80597e5\"", "880597")]
    [InlineData("404.0", "880597.0", "880597")]
    [InlineData("4.04e2", "0.5", "0")]
    public void Numbers_may_be_text_or_floating_point(string status, string duration, string nanoseconds)
    {
        var e = Parse(Json.Replace(":404", ":" + status, StringComparison.Ordinal).Replace(":1500", ":" + duration, StringComparison.Ordinal));
        Text(e, "status").ShouldBe("404");
        Text(e, "duration_ns").ShouldBe(nanoseconds);
    }

    [Theory]
    [InlineData("devops-agent-deny-1@file", true)]
    [InlineData("edge-devops-agent-deny-0f3a9c@kubernetescrd", true)]
    [InlineData("shop@file", false)]
    public void A_denial_of_our_own_is_marked(string router, bool own)
    {
        Text(Parse(Json.Replace("shop@file", router, StringComparison.Ordinal)), "flags").ShouldBe(own ? "OwnDenial" : "None");
        Text(Parse(Clf.Replace("shop@file", router, StringComparison.Ordinal)), "flags").ShouldBe(own ? "Forgeable, OwnDenial" : "Forgeable");
    }

    [Fact]
    public void A_json_line_without_peer_is_not_beyond_doubt()
    {
        var e = Parse(Json.Replace("198.51.100.9:5", "@", StringComparison.Ordinal));
        Text(e, "client").ShouldBe("198.51.100.9");
        Text(e, "flags").ShouldBe("Forgeable");
    }

    [Fact]
    public void Changing_key_orders_are_all_read()
    {
        var random = new Random(7);
        var pairs = Json[1..^1].Split(",\"").Select((p, i) => i == 0 ? p : "\"" + p).ToArray();
        for (var i = 0; i < 500; i++)
        {
            random.Shuffle(pairs);
            var extra = string.Join("", Enumerable.Range(0, i % 90).Select(n => $"\"request_X-{random.Next(100)}\":\"{n}\","));
            Text(Parse("{" + extra + string.Join(i % 2 == 0 ? "," : " , ", pairs) + "}"), "path").ShouldBe("/.env");
        }
    }

    private JsonObject Parse(string line) => ParsedLine.Of(_parser, Encoding.UTF8.GetBytes(line));

    private string Unparsed(string line) => Text(Parse(line), "unparsed");

    private string Path(string line) => Text(Parse(line), "path");

    private static string Text(JsonNode node, string key) => node[key]?.ToString() ?? "";

    private static string Dash(string text) => text == "-" ? "" : text;

    [GeneratedRegex("""^(?<c1>\S+) - (?<c2>\S+) \[(?<c3>[^]]+)\] "(?<c4>\S+) (?<c5>\S+) \S+" (?<c6>\d+) (?<c7>\d+) "(?<c8>.*?)" "(?<c9>.*)" (?<c10>\d+) "(?<c11>[^"]*)" "(?<c12>[^"]*)" (?<c13>\d+)ms$""", RegexOptions.None, 5000)]
    private static partial Regex ClfColumns();
}
