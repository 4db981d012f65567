using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.Logs.Query;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.LogStore.Documents;

/// <summary>Whatever JSON goes into the columns comes out of them.</summary>
public sealed class DocumentSourceTests
{
    [Theory]
    [InlineData("""{"a":1,"b":"x","c":true,"d":null,"e":1.5}""")]
    [InlineData("""{"a":-0,"b":1e400}""")]
    [InlineData("""{"a":12345678901234567890,"b":0.1,"c":3.7000000000000001}""")]
    [InlineData("""{"a":{"b":{"c":1},"d":[]},"e":{},"f":[1,[2,3],{"g":4}]}""")]
    [InlineData("""{"a.b":1,"a":{"c":2}}""")]
    [InlineData("""{"t":"2026-11-21T06:00:00.100Z","u":"2026-11-21T06:00:00+01:00","v":"2026-02-30T00:00:00Z","w":"2026-11-21T06:00:00.000000001-05:30"}""")]
    [InlineData("""{"s":"\u0000\n\"\\ü\ud83d\ude00","":1}""")]
    [InlineData("""{ "a" : 1 , "b":  [ ] }""")]
    [InlineData("""{"a":"","b":" ","c":"1.0"}""")]
    public void Known_documents_come_back(string json) => Same(json);

    [Fact]
    public void Any_document_comes_back_or_is_refused() => Prop.ForAll(Arb.From(Documents()), Same).QuickCheckThrowOnFailure();

    private static void Same(string json)
    {
        var segment = new Segment();
        var mapping = new IndexMapping();
        var writer = new DocumentWriter(mapping, segment);
        try
        {
            // Twice: the second time every key is known and the fast reader may take it.
            writer.Add(Encoding.UTF8.GetBytes(json), "1", 0, 1);
            writer.Add(Encoding.UTF8.GetBytes(json), "2", 1, 1);
        }
        catch (DslException)
        {
            segment.Count.ShouldBe(0, "a refused document leaves no trace");
            return;
        }

        segment.Align();
        for (var doc = 0; doc < 2; doc++)
        {
            JsonNode.DeepEquals(JsonNode.Parse(DocumentSource.Of(segment, doc)), JsonNode.Parse(json)).ShouldBeTrue($"{json} came back as {Encoding.UTF8.GetString(DocumentSource.Of(segment, doc))}");
        }
    }

    private static Gen<string> Documents() => Object(3).Select(static n => n.ToJsonString());

    private static Gen<JsonObject> Object(int depth) =>
        Gen.Elements("a", "b", "c", "msg", "time", "x.y").SelectMany(k => Value(depth).Select(v => (k, v))).ListOf().Select(static pairs =>
        {
            var o = new JsonObject();
            foreach (var (key, value) in pairs)
            {
                o[key] = value?.DeepClone();
            }

            return o;
        });

    private static Gen<JsonNode?> Value(int depth)
    {
        var leaves = Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(static l => (JsonNode?)JsonValue.Create(l)),
            ArbMap.Default.GeneratorFor<double>().Where(double.IsFinite).Select(static d => (JsonNode?)JsonValue.Create(d)),
            ArbMap.Default.GeneratorFor<bool>().Select(static b => (JsonNode?)JsonValue.Create(b)),
            ArbMap.Default.GeneratorFor<string>().Select(static s => (JsonNode?)JsonValue.Create(s?.IsNormalized(NormalizationForm.FormC) == true ? s : "x")),
            Gen.Elements("2026-11-21T06:00:00Z", "203.0.113.7", "", "/.env", "true").Select(static s => (JsonNode?)JsonValue.Create(s)),
            Gen.Constant<JsonNode?>(null));
        return depth == 0 ? leaves : Gen.Frequency((6, leaves), (1, Object(depth - 1).Select(static o => (JsonNode?)o)), (1, Value(depth - 1).ListOf().Select(static l => (JsonNode?)new JsonArray([.. l.Select(static v => v?.DeepClone())]))));
    }
}
