using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Service;

/// <summary>What a labelled recording says of a client: block (must be), review (a person should look), ignore (must not be blocked).</summary>
internal enum Expectation : byte
{
    Ignore,
    Review,
    Block,
}

/// <summary>
/// Labels of a recording: a JSON array of objects with <c>ip</c> and <c>expect</c> ("block", "review" or "ignore"); other
/// keys are for people and not read.
/// </summary>
internal static class ReplayLabels
{
    /// <exception cref="ConfigException">Not such a file: says which entry and what is wrong.</exception>
    public static IReadOnlyDictionary<ClientAddress, Expectation> Read(string file, ReadOnlySpan<byte> json)
    {
        var labels = new Dictionary<ClientAddress, Expectation>();
        var problems = new List<ConfigProblem>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new ConfigException([new(file, 0, 0, "the labels must be a JSON array of {\"ip\": …, \"expect\": \"block|review|ignore\"}")]);
            }

            var index = 0;
            foreach (var entry in document.RootElement.EnumerateArray())
            {
                var ip = Text(entry, "ip");
                var expect = Text(entry, "expect");
                if (!ClientAddress.TryParse(ip, out var client))
                {
                    problems.Add(new(file, 0, 0, $"entry {index}: ip '{ip}' is not an address"));
                }
                else if (Meaning(expect) is not { } expectation)
                {
                    problems.Add(new(file, 0, 0, $"entry {index} ({ip}): expect '{expect}' is not block, review or ignore"));
                }
                else if (!labels.TryAdd(client, expectation) && labels[client] != expectation)
                {
                    problems.Add(new(file, 0, 0, $"entry {index}: {ip} is labelled twice, differently"));
                }

                index++;
            }
        }
        catch (JsonException e)
        {
            throw new ConfigException([new(file, (int)(e.LineNumber ?? -1) + 1, (int)(e.BytePositionInLine ?? -1) + 1, "not JSON: the labels must be a JSON array of {\"ip\": …, \"expect\": …}")]);
        }

        return problems.Count == 0 ? labels : throw new ConfigException(problems);
    }

    private static Expectation? Meaning(string? text) => text switch
    {
        "block" => Expectation.Block,
        "review" => Expectation.Review,
        "ignore" => Expectation.Ignore,
        _ => null,
    };

    private static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
