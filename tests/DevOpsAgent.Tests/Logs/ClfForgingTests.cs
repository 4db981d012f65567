using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

/// <summary>What clients can write into a CLF line, and that it never moves another column in silence.</summary>
public sealed class ClfForgingTests
{
    private const string Time = "[21/Nov/2026:07:36:18 +0000]";
    private const string Tail = "80 \"shop@file\" \"http://127.0.0.1:9001\" 1ms";

    [Theory]
    [InlineData("\" 200 12 \"-\" \"forged")]
    [InlineData("x\" 7 \"devops-agent-deny@file\" \"http://127.0.0.1:9001\" 0ms")]
    [InlineData("x\" 7 \"r\" \"u\" 0ms\" 8 \"r\" \"u\" 0ms")]
    [InlineData("\" \"")]
    [InlineData("\"")]
    [InlineData("\\")]
    public void User_agent_with_raw_quotes_as_older_Traefik_writes_it(string agent)
    {
        var e = Parse($"198.51.100.9 - - {Time} \"GET /.env HTTP/1.1\" 404 512 \"-\" \"{agent}\" {Tail}");
        Text(e, "status").ShouldBe("404");
        Text(e, "path").ShouldBe("/.env");
        Text(e, "client").ShouldBe("198.51.100.9");
        Text(e, "router").ShouldBe("shop@file");
        Text(e, "request_count").ShouldBe("80");
        Text(e, "agent").ShouldBe(agent);
    }

    [Fact]
    public void Escaped_quotes_of_a_user_agent_are_undone() =>
        Text(Parse($"198.51.100.9 - - {Time} \"GET / HTTP/1.1\" 200 5 \"-\" \"a \\\"b\\\" c\\d\" {Tail}"), "agent").ShouldBe("a \"b\" c\\d");

    [Fact]
    public void Referer_with_raw_quotes()
    {
        var e = Parse($"198.51.100.9 - - {Time} \"GET /.env HTTP/1.1\" 404 512 \"x\" 7 \"y\" \"curl/8\" {Tail}");
        Text(e, "status").ShouldBe("404");
        Text(e, "router").ShouldBe("shop@file");
    }

    [Theory]
    // a user name that holds a whole request: which of the two times is Traefik's?
    [InlineData("198.51.100.9", "x " + Time + " \"GET /fine HTTP/1.1\" 200 1 \"-\" \"-", "/.env", "curl/8")]
    [InlineData("198.51.100.9", "x " + Time + " \"", "/.env", "curl/8")]
    // the query of an HTTP/2 request may hold blanks and quotes
    [InlineData("198.51.100.9", "-", "/.env?x HTTP/1.1\" 200 1 \"-\" \"-\" 7 \"r\" \"u\" 1ms", "curl/8")]
    [InlineData("198.51.100.9", "-", "/.env?x " + Time + " \"GET / HTTP/1.1\" 200 1 \"-\" \"", "curl/8")]
    // a user agent of older Traefik, with raw quotes
    [InlineData("198.51.100.9", "-", "/.env", "x" + Time + " " + Time + " \"GET / HTTP/1.1\" 200 1 \"-\" \"y")]
    [InlineData("198.51.100.9", "-", "/.env", "GET / HTTP/1.1\" 200 1 \"-\" \"y")]
    public void A_line_that_can_be_read_in_two_ways_is_refused(string client, string user, string path, string agent) =>
        Text(Parse($"{client} - {user} {Time} \"GET {path} HTTP/1.1\" 404 512 \"-\" \"{agent}\" {Tail}"), "unparsed").ShouldBe("bad-clf");

    [Fact]
    public void A_header_that_ends_the_client_column_blames_nobody_behind_a_proxy()
    {
        // The client sent "203.0.113.9 - x"; the proxy appended the true address.
        var line = $"203.0.113.9 - x, 198.51.100.7 - - {Time} \"GET /.env HTTP/1.1\" 404 512 \"-\" \"curl/8\" {Tail}";
        Text(Parse(line, "10.0.0.0/8"), "unparsed").ShouldBe("bad-clf");
    }

    [Fact]
    public void A_user_name_with_a_dash_hides_nobody_without_proxies()
    {
        var e = Parse($"198.51.100.9 - a - b {Time} \"GET /.env HTTP/1.1\" 404 512 \"-\" \"curl/8\" {Tail}");
        Text(e, "client").ShouldBe("198.51.100.9");
        Text(e, "user").ShouldBe("a - b");
    }

    [Fact]
    public void A_json_record_in_the_client_column_is_not_json()
    {
        const string Json = """{"ClientAddr":"203.0.113.9:5","DownstreamStatus":404,"RequestPath":"/.env","StartUTC":"2026-11-21T07:36:38Z"}""";
        Text(Parse($"{Json} - - {Time} \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/8\" {Tail}"), "unparsed").ShouldBe("invalid-json");
    }

    [Fact]
    public void A_container_prefix_in_the_client_column_hides_no_ambiguity()
    {
        var inner = $"203.0.113.9 - - {Time} \"GET /.env HTTP/1.1\" 404 512 \"-\" \"curl/8\" {Tail}";
        Text(Parse($"2026-11-21T07:40:01.1Z stdout F {inner} - - {Time} \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/8\" {Tail}"), "unparsed").ShouldBe("bad-clf");
    }

    [Fact]
    public void The_rest_of_a_record_torn_by_a_line_feed_is_suspect()
    {
        var parser = new LineParser(ClientResolver.Direct);
        var rest = Encoding.UTF8.GetBytes($"203.0.113.9 - y {Time} \"GET /.env HTTP/1.1\" 401 17 \"-\" \"curl/8\" {Tail}");
        Text(ParsedLine.Of(parser, rest), "flags").ShouldBe("Forgeable");
        Text(ParsedLine.Of(parser, "198.51.100.210 - x"u8), "unparsed").ShouldBe("truncated");
        Text(ParsedLine.Of(parser, "some text between"u8), "unparsed").ShouldBe("not-a-log-line");
        Text(ParsedLine.Of(parser, rest), "flags").ShouldBe("Forgeable, Suspect");
        Text(ParsedLine.Of(parser, rest), "flags").ShouldBe("Forgeable");
    }

    [Fact]
    public void A_json_record_inside_a_torn_record_is_suspect_and_so_is_the_rest()
    {
        const string Json = """{"ClientAddr":"203.0.113.9:5","DownstreamStatus":404,"RequestPath":"/.env","StartUTC":"2026-11-21T07:36:38Z"}""";
        var parser = new LineParser(ClientResolver.Direct);
        ParsedLine.Of(parser, "198.51.100.210 - x"u8);
        Text(ParsedLine.Of(parser, Encoding.UTF8.GetBytes(Json)), "flags").ShouldBe("Forgeable, Suspect");
        var rest = $"203.0.113.9 - y {Time} \"GET /.env HTTP/1.1\" 401 17 \"-\" \"curl/8\" {Tail}";
        Text(ParsedLine.Of(parser, Encoding.UTF8.GetBytes(rest)), "flags").ShouldBe("Forgeable, Suspect");
    }

    [Fact]
    public void A_log_that_went_over_to_json_is_believed_again()
    {
        const string Json = """{"ClientAddr":"203.0.113.9:5","DownstreamStatus":404,"RequestPath":"/.env","StartUTC":"2026-11-21T07:36:38Z"}""";
        var parser = new LineParser(ClientResolver.Direct);
        ParsedLine.Of(parser, "198.51.100.210 - - [21/Nov/2026:07:36:18 +0000] \"GET"u8);
        var line = Encoding.UTF8.GetBytes(Json);
        for (var i = 0; i < FormatTracker.Believed; i++)
        {
            parser.TryParse(line, out var e, out _).ShouldBeTrue();
            (e.Flags & LogEventFlags.Suspect).ShouldBe(LogEventFlags.Suspect);
        }

        Text(ParsedLine.Of(parser, line), "flags").ShouldBe("None");
    }

    private static JsonObject Parse(string line, params string[] trusted) =>
        ParsedLine.Of(new LineParser(new ClientResolver(trusted.Select(AddressRange.Parse))), Encoding.UTF8.GetBytes(line));

    private static string Text(JsonNode node, string key) => node[key]?.ToString() ?? node.ToJsonString();
}
