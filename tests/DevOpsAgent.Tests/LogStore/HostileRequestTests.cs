using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.LogStore.Api;

namespace DevOpsAgent.Tests.LogStore;

/// <summary>Requests bent out of shape: each has an answer of Elasticsearch's form, none an exception.</summary>
public sealed class HostileRequestTests
{
    private static readonly string[] Values =
        ["null", "true", "0", "-1", "5", "1e400", "99999999999999999999", "\"\"", "\"x\"", "\"*\"", "\"now/d\"", "\"2026-13-45\"", "[]", "{}", "[1]", "[null]", "[[]]", "{\"a\":1}", "\"203.0.113.0/24\"", "\"a.b.c\"", "\"(\"", "\"_id\"", "\"RequestPath\""];

    [Fact]
    public void Bent_requests_are_answered()
    {
        using var store = new RecordedStore();
        var random = new Random(20261121);
        var answers = new SortedDictionary<int, int>();
        foreach (var pair in RecordedPair.All().Where(static p => p.Method == "POST" && p.Json.GetProperty("request").ValueKind == System.Text.Json.JsonValueKind.Object && p.Path.Contains("_search", StringComparison.Ordinal)))
        {
            for (var i = 0; i < 12; i++)
            {
                var body = JsonNode.Parse(pair.Json.GetProperty("request").GetRawText())!;
                for (var bend = 0; bend <= i % 3; bend++)
                {
                    Bend(body, random);
                }

                var text = body.ToJsonString();
                var answer = Should.NotThrow(() => store.Api.Handle(new(pair.Method, pair.Path, Encoding.UTF8.GetBytes(text))), $"{pair.Name}: {text}");
                answers[answer.Status] = answers.GetValueOrDefault(answer.Status) + 1;
                if (answer.Status >= 400 && !pair.Path.Contains("filter_path", StringComparison.Ordinal))
                {
                    JsonNode.Parse(answer.Body)!["error"].ShouldNotBeNull(text);
                }

                (answer.Status == 500 && !Encoding.UTF8.GetString(answer.Body).Contains("aggregation_initialization_exception", StringComparison.Ordinal)
                    && !Encoding.UTF8.GetString(answer.Body).Contains("Can't get text", StringComparison.Ordinal) && !Encoding.UTF8.GetString(answer.Body).Contains("global", StringComparison.Ordinal)).ShouldBeFalse($"{pair.Name}: {text} {Encoding.UTF8.GetString(answer.Body)}");
            }
        }

        answers.Keys.ShouldContain(200);
        answers.Keys.ShouldContain(400);
    }

    [Fact]
    public void Torn_and_garbled_bytes_are_answered()
    {
        using var store = new RecordedStore();
        var random = new Random(1);
        foreach (var pair in RecordedPair.All().Where(static p => p.Setup.Count == 0))
        {
            var body = RecordedPair.Body(pair.Json);
            if (body.Length < 4)
            {
                continue;
            }

            foreach (var bent in new[] { body[..random.Next(body.Length)], Garbled(body, random) })
            {
                Should.NotThrow(() => store.Api.Handle(new(pair.Method, pair.Path, bent)), pair.Name);
            }
        }
    }

    [Theory]
    [InlineData("/%ff/_search")]
    [InlineData("//")]
    [InlineData("/a,b,,c/_search?size=&from==&&&")]
    [InlineData("/_search?sort=:desc,,&_source=,&filter_path=,.,**,-")]
    [InlineData("/<a{/_search")]
    [InlineData("/traefik-logs-*/_search?q=((((&size=5")]
    [InlineData("/_cat/indices?s=nope&h=nope")]
    [InlineData("/_mapping/field/*?x")]
    [InlineData("/traefik-logs-ecs-2026.11.21/_doc/%00")]
    public void Strange_paths_are_answered(string path)
    {
        using var store = new RecordedStore();
        foreach (var method in new[] { "GET", "POST", "HEAD", "TRACE" })
        {
            Should.NotThrow(() => store.Api.Handle(new(method, path)));
        }
    }

    private static byte[] Garbled(byte[] body, Random random)
    {
        var copy = body.ToArray();
        for (var i = 0; i < 3; i++)
        {
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
        }

        return copy;
    }

    /// <summary>Replaces, removes or renames one node.</summary>
    private static void Bend(JsonNode root, Random random)
    {
        var at = root;
        while (true)
        {
            switch (at)
            {
                case JsonObject { Count: > 0 } o:
                    var key = o.ElementAt(random.Next(o.Count)).Key;
                    if (o[key] is JsonObject or JsonArray && random.Next(4) != 0)
                    {
                        at = o[key]!;
                        continue;
                    }

                    switch (random.Next(6))
                    {
                        case 0: o.Remove(key); break;
                        case 1: o[key + "x"] = o[key]?.DeepClone(); break;
                        default: o[key] = JsonNode.Parse(Values[random.Next(Values.Length)]); break;
                    }

                    return;
                case JsonArray { Count: > 0 } a:
                    var place = random.Next(a.Count);
                    if (a[place] is JsonObject or JsonArray && random.Next(4) != 0)
                    {
                        at = a[place]!;
                        continue;
                    }

                    a[place] = JsonNode.Parse(Values[random.Next(Values.Length)]);
                    return;
                default:
                    return;
            }
        }
    }
}
