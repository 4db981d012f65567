using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Agent.Guardrails;
using DevOpsAgent.Agent.Results;

namespace DevOpsAgent.Tests.Agent.Results;

public sealed class HitTableTests
{
    [Fact]
    public void Few_hits_are_a_table_of_known_columns()
    {
        var table = HitTable.Of(Answer(3, static _ => "/a"), 50, out var rows);
        rows.ShouldBe(3);
        table["total"]!.GetValue<long>().ShouldBe(3);
        table["hits"]!["columns"]!.ToJsonString().ShouldBe("""["time","client","method","host","path","status","agent","router"]""");
        table["hits"]!["rows"]![0]!.ToJsonString().ShouldBe("""["2026-03-01T12:00:00Z","203.0.113.0","GET",null,"/a",404,"curl",null]""");
        table["hits"]!["fields_left_out"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public void Many_are_groups_that_say_what_they_stand_for()
    {
        // 10 clients, each with numbered paths that differ in numbers alone.
        var table = HitTable.Of(Answer(10_000, static i => $"/item/{i}?x={i}"), 5, out var rows);
        rows.ShouldBe(5);
        var hits = (JsonObject)table["hits"]!;
        hits["hits_in_answer"]!.GetValue<int>().ShouldBe(10_000);
        hits["hits_in_rows"]!.GetValue<int>().ShouldBe(5_000);
        hits["hits_left_out"]!.GetValue<int>().ShouldBe(5_000);
        hits["groups_left_out"]!.GetValue<int>().ShouldBe(5);
        hits["rows"]![0]![0]!.GetValue<int>().ShouldBe(1_000);
        ((JsonArray)hits["columns"]!).Count.ShouldBe(((JsonArray)hits["rows"]![0]!).Count);
    }

    [Fact]
    public void Ecs_and_fields_are_read_too()
    {
        using var json = JsonDocument.Parse("""
            {"hits":{"total":1,"hits":[
              {"_source":{"@timestamp":"t","source":{"ip":"203.0.113.7"},"http":{"request":{"method":"GET"},"response":{"status_code":403}},"url":{"path":"/x"},"user_agent":{"original":"nuclei"}}},
              {"fields":{"source.ip":["203.0.113.8"],"url.path":["/y"]}}]}}
            """);
        var rows = HitTable.Of(json.RootElement, 10, out _)["hits"]!["rows"]!;
        rows[0]!.ToJsonString().ShouldBe("""["t","203.0.113.7","GET",null,"/x",403,"nuclei",null]""");
        rows[1]!.ToJsonString().ShouldBe("""[null,"203.0.113.8",null,null,"/y",null,null,null]""");
    }

    [Fact]
    public void Buckets_are_cut_and_counted_and_names_from_documents_are_checked()
    {
        var buckets = string.Join(',', Enumerable.Range(0, 70).Select(static i => $$"""{"key":"k{{i}}","doc_count":1}"""));
        using var json = JsonDocument.Parse($$$$"""{"hits":{"hits":[]},"aggregations":{"a":{"buckets":[{{{{buckets}}}}]},"</x>":{"value":1}}}""");
        var tree = HitTable.Of(json.RootElement, 500, out _);
        var list = (JsonArray)tree["aggregations"]!["a"]!["buckets"]!;
        list.Count.ShouldBe(51);
        list[50]!["left_out"]!.GetValue<int>().ShouldBe(20);
        ((JsonObject)tree["aggregations"]!).ContainsKey("</x>").ShouldBeFalse();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("""{"hits":7,"aggregations":[]}""")]
    [InlineData("""{"hits":{"hits":[1,null,{"_source":5}]}}""")]
    public void Strange_answers_are_no_fault(string json)
    {
        using var parsed = JsonDocument.Parse(json);
        Should.NotThrow(() => HitTable.Of(parsed.RootElement, 1, out _));
    }

    [Fact]
    public void A_result_never_grows_beyond_its_length_and_says_what_went()
    {
        var tree = HitTable.Of(Answer(50, static i => $"/{i}/{new string('x', 2_000)}"), 50, out _);
        new ResultText(new InputRails(new())).Of("q1", tree, new(), out var text).ShouldBeNull();
        text.Length.ShouldBeLessThan(17_000);
        text.ShouldContain("rows_left_out_for_length");
        text.ShouldContain("characters more)");
    }

    internal static JsonElement Answer(int hits, Func<int, string> path)
    {
        var rows = string.Join(',', Enumerable.Range(0, hits).Select(i =>
            $$$"""{"_id":"{{{i}}}","_source":{"@timestamp":"2026-03-01T12:00:00Z","source.ip":"203.0.113.{{{i % 10}}}","DownstreamStatus":404,"RequestMethod":"GET","RequestPath":"{{{path(i)}}}","request_User-Agent":"curl","Duration":5}}"""));
        using var json = JsonDocument.Parse($$$"""{"hits":{"total":{"value":{{{hits}}},"relation":"eq"},"hits":[{{{rows}}}]}}""");
        return json.RootElement.Clone();
    }
}
