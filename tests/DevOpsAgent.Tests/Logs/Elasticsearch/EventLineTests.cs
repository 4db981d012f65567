using System.Text;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Tests.LogStore;

namespace DevOpsAgent.Tests.Logs.Elasticsearch;

/// <summary>Events of every form become the line that Traefik wrote.</summary>
public sealed class EventLineTests
{
    private static readonly EventFields Raw = Fields(false, ("Time", "@timestamp"), ("ClientHost", "ClientHost"), ("ClientAddr", "ClientAddr"), ("Path", "RequestPath"), ("Status", "DownstreamStatus"), ("Method", "RequestMethod"),
        ("Agent", "request_User-Agent"), ("User", "ClientUsername"), ("Host", "RequestHost"), ("Router", "RouterName"), ("RequestCount", "RequestCount"), ("Start", "StartUTC"));

    private static readonly EventFields Ecs = Fields(true, ("Time", "@timestamp"), ("SourceIp", "source.ip"), ("ForwardedIp", "network.forwarded_ip"), ("Path", "url.original"), ("Status", "http.response.status_code"), ("Method", "http.request.method"),
        ("Agent", "user_agent.original"), ("User", "user.name"), ("Host", "url.domain"), ("Router", "traefik.access.router_name"), ("RequestCount", "traefik.access.request_count"));

    /// <summary>The recorded documents in both forms are the same events.</summary>
    [Fact]
    public void All_recorded_events_say_the_same_in_both_forms()
    {
        var raw = RecordedPair.Lines("documents.ndjson.gz").Select(static l => Read(Raw, l)).ToList();
        var ecs = RecordedPair.Lines("ecs-documents.ndjson.gz").Select(static l => Read(Ecs, l)).ToList();
        raw.Count.ShouldBe(3000);
        for (var i = 0; i < raw.Count; i++)
        {
            ecs[i].ShouldBe(raw[i], $"line {i + 1}");
        }
    }

    [Fact]
    public void Of_the_clf_form_the_address_is_the_client_and_the_peer_is_not_known()
    {
        var text = Read(Ecs, """{"_source":{"@timestamp":"2026-11-21T06:00:05.000Z","source":{"address":"203.0.113.9","ip":"203.0.113.9"},"http":{"request":{"method":"GET"},"response":{"status_code":404}},"url":{"original":"/.env?x=1"},"user_agent":{"original":"curl"}}}""");
        text.ShouldContain("client 203.0.113.9 peer - GET /.env?x=1 404");
        text.ShouldContain("Forgeable", customMessage: "as every line that doesn't name the peer");
    }

    [Fact]
    public void Of_the_json_form_the_address_is_the_peer()
    {
        const string document = """{"_source":{"@timestamp":"2026-11-21T06:00:05.000Z","source":{"ip":"10.0.0.1","port":4711},"network":{"forwarded_ip":["198.51.100.3","203.0.113.9"]},"http":{"request":{"method":"GET"},"response":{"status_code":404}},"url":{"original":"https://shop.example.com/.env"}}}""";
        Read(Ecs, document).ShouldContain("client 10.0.0.1 peer 10.0.0.1");
        Read(Ecs, document, "10.0.0.0/8").ShouldContain("client 203.0.113.9 peer 10.0.0.1");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("7")]
    [InlineData("""{"@timestamp":null}""")]
    [InlineData("""{"@timestamp":{"a":1},"RequestPath":[[]]}""")]
    public void What_is_no_request_gives_no_line_and_no_fault(string source)
    {
        new EventLine(Raw).TryWrite(JsonDocument.Parse(source).RootElement, out _).ShouldBeFalse();
        new EventLine(Ecs).TryWrite(JsonDocument.Parse(source).RootElement, out _).ShouldBeFalse();
    }

    [Fact]
    public void Line_feeds_in_values_stay_within_the_line()
    {
        new EventLine(Raw).TryWrite(JsonDocument.Parse("""{"StartUTC":"2026-11-21T06:00:05Z","RequestPath":"/a\n{\"ClientHost\":\"198.51.100.1\"}","request_User-Agent":"x\r\ny\u2028"}""").RootElement, out var line).ShouldBeTrue();
        line.Contains((byte)'\n').ShouldBeFalse();
    }

    private static EventFields Fields(bool ecs, params (string Role, string Name)[] names) => new(names.ToDictionary(static n => Enum.Parse<EventRole>(n.Role), static n => new EventField(n.Name, n.Name, "keyword")), ecs);

    private static string Read(EventFields fields, string hit, params string[] proxies)
    {
        using var json = JsonDocument.Parse(hit);
        new EventLine(fields).TryWrite(json.RootElement.GetProperty("_source"), out var line).ShouldBeTrue(hit);
        var parser = new LineParser(new(proxies.Select(static p => AddressRange.TryParse(p, out var range) ? range : throw new FormatException(p))));
        parser.TryParse(line, out var e, out var reason).ShouldBeTrue($"{reason}: {Encoding.UTF8.GetString(line)}");
        return $"{e.Time / TimeSpan.TicksPerMillisecond} client {e.Client} peer {(e.Peer.IsNone ? "-" : e.Peer)} {Text(e.Method)} {Text(e.Path)} {e.Status} host {Text(e.Host)} agent {Text(e.Agent)} user {Text(e.User)} router {Text(e.Router)} count {e.RequestCount} {e.Flags}";
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
