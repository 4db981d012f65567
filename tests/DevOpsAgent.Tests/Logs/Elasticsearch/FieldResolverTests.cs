using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.Tests.LogStore;

namespace DevOpsAgent.Tests.Logs.Elasticsearch;

/// <summary>Fields found by what _field_caps says, and what is said where they can't be.</summary>
public sealed class FieldResolverTests
{
    private static readonly FieldResolver Plain = new(new Dictionary<EventRole, string>());

    [Fact]
    public void Traefiks_own_names_with_default_mapping_are_found_with_their_keyword_twins()
    {
        using var store = new RecordedStore();
        var fields = Plain.Resolve(Caps(store.Api, "traefik-logs-raw-2026.11.21", Plain), "x");
        fields.IsEcs.ShouldBeFalse();
        fields.Path.ShouldBe(new("RequestPath.keyword", "RequestPath", "keyword"));
        fields.Find(EventRole.ClientHost).ShouldBe(new("ClientHost.keyword", "ClientHost", "keyword"));
        fields.Status.ShouldBe(new("DownstreamStatus", "DownstreamStatus", "long"));
        fields.Time.Name.ShouldBe("@timestamp");
        fields.Find(EventRole.Agent)!.Name.ShouldBe("request_User-Agent.keyword");
    }

    [Fact]
    public void Elastics_names_are_found()
    {
        using var store = new RecordedStore();
        var fields = Plain.Resolve(Caps(store.Api, "traefik-logs-ecs-2026.11.21", Plain), "x");
        fields.IsEcs.ShouldBeTrue();
        fields.Path.Name.ShouldBe("url.original");
        fields.Find(EventRole.SourceIp)!.Kind.ShouldBe("ip");
        fields.Find(EventRole.ForwardedIp)!.Name.ShouldBe("network.forwarded_ip");
        fields.Find(EventRole.Router)!.Name.ShouldBe("traefik.access.router_name");
    }

    [Fact]
    public void Both_side_by_side_are_refused_because_one_query_would_count_half()
    {
        using var store = new RecordedStore();
        Refusal(Caps(store.Api, "traefik-logs-*", Plain)).ShouldContain("side by side");
    }

    [Theory]
    [InlineData("log_processed")]
    [InlineData("kubernetes.traefik")]
    public void Fields_under_a_key_are_found(string key)
    {
        var inner = """{"ClientHost":"203.0.113.9","ClientAddr":"203.0.113.9:1","RequestPath":"/.env","DownstreamStatus":404,"StartUTC":"2026-11-21T06:00:05Z"}""";
        var document = key.Split('.').Reverse().Aggregate(inner, static (json, k) => $$"""{"{{k}}":{{json}}}""");
        using var store = Index(document.TrimEnd('}') + new string('}', document.Length - document.TrimEnd('}').Length - 1) + ",\"@timestamp\":\"2026-11-21T06:00:06Z\"}", out var api);
        var fields = Plain.Resolve(Caps(api, "logs", Plain), "logs");
        fields.Path.ShouldBe(new($"{key}.RequestPath.keyword", $"{key}.RequestPath", "keyword"));
        fields.Time.Name.ShouldBe("@timestamp");
        new EventLine(fields).TryWrite(JsonDocument.Parse(document).RootElement, out var line).ShouldBeTrue();
        Encoding.UTF8.GetString(line).ShouldBe("""{"ClientAddr":"203.0.113.9:1","ClientHost":"203.0.113.9","DownstreamStatus":404,"RequestPath":"/.env","StartUTC":"2026-11-21T06:00:05Z"}""");
    }

    [Fact]
    public void An_alias_map_names_fields_of_ones_own()
    {
        using var store = Index("""{"@timestamp":"2026-11-21T06:00:05Z","c":"203.0.113.9","p":"/.env","s":404}""", out var api);
        var resolver = FieldResolver.Of(new() { Fields = ["client_host=c", "path=p", "status=s"] });
        var fields = resolver.Resolve(Caps(api, "logs", resolver), "logs");
        fields.Path.Name.ShouldBe("p.keyword");
        fields.Find(EventRole.ClientHost)!.Name.ShouldBe("c.keyword");
    }

    [Theory]
    [InlineData("path")]
    [InlineData("colour=x")]
    [InlineData("path=")]
    public void A_wrong_alias_is_said(string entry) => Should.Throw<ElasticException>(() => FieldResolver.Of(new() { Fields = [entry] })).Message.ShouldContain("client_host");

    [Fact]
    public void A_conflict_is_explained_by_type_and_index() =>
        Refusal(FieldCaps.Read(JsonDocument.Parse("""
            {"indices":["a","b"],"fields":{"@timestamp":{"date":{"aggregatable":true}},"RequestPath":{"text":{"aggregatable":false}},"RequestPath.keyword":{"keyword":{"aggregatable":true}},"ClientHost":{"keyword":{"aggregatable":true}},
            "DownstreamStatus":{"keyword":{"aggregatable":true,"indices":["a"]},"long":{"aggregatable":true,"indices":["b"]}}}}
            """).RootElement)).ShouldContain("status: [DownstreamStatus] is keyword in a, long in b");

    [Fact]
    public void A_path_that_is_text_in_one_index_and_keyword_in_another_is_a_conflict() =>
        Refusal(FieldCaps.Read(JsonDocument.Parse("""
            {"indices":["a","b"],"fields":{"@timestamp":{"date":{"aggregatable":true}},"RequestPath":{"text":{"aggregatable":false,"indices":["a"]},"keyword":{"aggregatable":true,"indices":["b"]}},"RequestPath.keyword":{"keyword":{"aggregatable":true}},
            "ClientHost":{"keyword":{"aggregatable":true}},"DownstreamStatus":{"long":{"aggregatable":true}}}}
            """).RootElement)).ShouldContain("path: [RequestPath] is text in a, keyword in b");

    [Fact]
    public void A_path_that_is_only_text_is_refused() =>
        Refusal(FieldCaps.Read(JsonDocument.Parse("""
            {"indices":["a"],"fields":{"@timestamp":{"date":{"aggregatable":true}},"RequestPath":{"text":{"aggregatable":false}},"ClientHost":{"keyword":{"aggregatable":true}},"DownstreamStatus":{"long":{"aggregatable":true}}}}
            """).RootElement)).ShouldContain("text field alone");

    [Fact]
    public void No_index_is_no_mapping_fault() =>
        Should.Throw<ElasticException>(() => Plain.Resolve(FieldCaps.Read(JsonDocument.Parse("""{"indices":[],"fields":{}}""").RootElement), "nope-*")).ShouldSatisfyAllConditions(static e => e.Fault.ShouldBe(ElasticFault.NotFound), static e => e.Message.ShouldContain("nope-*"));

    [Fact]
    public void The_fields_that_are_asked_for_fit_into_a_request_line() => Plain.Asked.Length.ShouldBeLessThan(3500);

    private static string Refusal(FieldCaps caps)
    {
        var e = Should.Throw<ElasticException>(() => Plain.Resolve(caps, "logs-*"));
        e.Fault.ShouldBe(ElasticFault.Mapping);
        return e.Message;
    }

    private static FieldCaps Caps(ElasticApi api, string index, FieldResolver resolver)
    {
        var answer = api.Handle(new("GET", $"/{index}/_field_caps?fields={resolver.Asked}", default));
        answer.Status.ShouldBe(200);
        return FieldCaps.Read(JsonDocument.Parse(answer.Body).RootElement);
    }

    private static IndexCatalog Index(string document, out ElasticApi api)
    {
        var store = new IndexCatalog();
        api = new(store, TimeProvider.System);
        api.Handle(new("PUT", "/logs/_doc/1", Encoding.UTF8.GetBytes(document))).Status.ShouldBe(201);
        return store;
    }
}
