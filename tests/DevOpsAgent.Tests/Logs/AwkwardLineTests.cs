using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

/// <summary>
/// Hostile and broken lines, most of them written by a real Traefik. Cases/awkward/X.expected.jsonl says for each line of X
/// what must come of it: every field, or why it is refused.
/// </summary>
public sealed class AwkwardLineTests
{
    public static TheoryData<string, int> JsonLines() => Numbers("access.jsonl");

    public static TheoryData<string, int> ClfLines() => Numbers("access.log");

    [Theory]
    [MemberData(nameof(JsonLines))]
    [MemberData(nameof(ClfLines))]
    public void Gives_what_is_expected(string file, int number) => Check(file, number, ClientResolver.Direct, "client", "flags");

    [Theory]
    [MemberData(nameof(JsonLines))]
    [MemberData(nameof(ClfLines))]
    public void Gives_what_is_expected_behind_a_trusted_proxy(string file, int number) =>
        Check(file, number, new ClientResolver([AddressRange.Parse("198.51.100.209")]), "client_behind_proxy", "flags_behind_proxy");

    // All lines up to the one in question are read, since some are parts of others.
    private static void Check(string file, int number, ClientResolver resolver, string client, string flags)
    {
        var parser = new LineParser(resolver);
        JsonObject actual = [];
        foreach (var line in ParsedLine.Lines($"awkward/{file}").Take(number))
        {
            actual = ParsedLine.Of(parser, line);
        }

        var expected = JsonNode.Parse(ParsedLine.Lines($"awkward/{file}.expected.jsonl")[number - 1])!.AsObject();
        expected["line"]!.GetValue<int>().ShouldBe(number);
        actual.ContainsKey("unparsed").ShouldBe(expected.ContainsKey("unparsed"), actual.ToJsonString());
        foreach (var (key, value) in actual)
        {
            var wanted = key == "client" ? client : key == "flags" ? flags : key;
            value!.ToString().ShouldBe(expected[wanted]!.ToString(), $"{file}:{number} {key}");
        }
    }

    private static TheoryData<string, int> Numbers(string file)
    {
        TheoryData<string, int> data = [];
        for (var number = 1; number <= ParsedLine.Lines($"awkward/{file}").Count; number++)
        {
            data.Add(file, number);
        }

        return data;
    }
}
