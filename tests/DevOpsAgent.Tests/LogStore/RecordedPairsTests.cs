using System.Globalization;
using System.Text;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Tests.LogStore;

/// <summary>
/// What a real Elasticsearch answered, and what this store answers. table.tsv names each pair as equal, as refused by a feature's
/// name, or as other: an answer that only another engine or cluster can give. The test holds every line of it.
/// </summary>
public sealed class RecordedPairsTests
{
    private const string Sharded = "sharded-traefik-2026.11.21";

    private static readonly HashSet<string> Other = new(StringComparer.Ordinal) { "opensearch-pit-elastic-path", "opensearch-root", "script-root" };

    [Fact]
    public void Table_is_what_the_store_does()
    {
        using var store = new RecordedStore();
        Run(store).ShouldBe(Table());
    }

    [Fact]
    public void A_store_that_was_closed_and_opened_answers_the_same()
    {
        var folder = Directory.CreateTempSubdirectory("log-store-").FullName;
        try
        {
            using (new RecordedStore(folder))
            {
                // Only written.
            }

            using var opened = new RecordedStore(folder, exists: true);
            opened.Problems.ShouldBeEmpty();
            Run(opened).ShouldBe(Table());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void At_least_85_percent_of_the_core_groups_are_equal()
    {
        var core = Table().Select(static l => l.Split('\t')).Where(static l => l[0] is "query" or "shape" or "agg" or "error" or "real").ToList();
        core.Count(static l => l[2] == "equal").ShouldBeGreaterThanOrEqualTo((int)(core.Count * 0.85));
        core.Count.ShouldBe(221);
    }

    /// <summary>What is written from our tree means what was read into it.</summary>
    [Fact]
    public void Searches_written_from_the_tree_are_answered_the_same()
    {
        using var store = new RecordedStore();
        var compared = 0;
        foreach (var pair in RecordedPair.All().Where(static p => p.Status == 200 && p.Setup.Count == 0 && p.Path.EndsWith("/_search", StringComparison.Ordinal) && p.Group is "query" or "agg" or "real" && p.Name != "agg-both-indexes"))
        {
            var body = RecordedPair.Body(pair.Json);
            var answer = store.Api.Handle(new(pair.Method, pair.Path, body));
            if (answer.Status != 200)
            {
                continue;
            }

            var written = SearchWriter.Write(SearchRequestParser.Parse(DslJson.Parse(body)));
            var again = store.Api.Handle(new("POST", pair.Path, written));
            Took(again).ShouldBe(Took(answer), $"{pair.Name}: {Encoding.UTF8.GetString(written)}");
            compared++;
        }

        compared.ShouldBeGreaterThan(100);
    }

    /// <summary>The answer behind its time.</summary>
    private static string Took(ApiAnswer answer) => Encoding.UTF8.GetString(answer.Body) is var text ? text[text.IndexOf("\"timed_out\"", StringComparison.Ordinal)..] : "";

    private static List<string> Table() => [.. File.ReadAllLines(Path.Combine(RecordedPair.Folder, "table.tsv"))];

    private static List<string> Run(RecordedStore store)
    {
        store.Api.Handle(new("PUT", $"/{Sharded}", """{"settings":{"number_of_shards":5}}"""u8.ToArray())).Status.ShouldBe(400, "an index of several shards is refused when it is made");
        var lines = new List<string>();
        foreach (var pair in RecordedPair.All())
        {
            var answer = store.Send(pair);
            var difference = AnswerComparison.Difference(pair, answer);
            var text = Encoding.UTF8.GetString(answer.Body);
            var result = difference is null ? "equal"
                : pair.Path.Contains(Sharded, StringComparison.Ordinal) ? "refused\tnumber_of_shards above 1"
                : (text.Contains("unsupported_operation_exception", StringComparison.Ordinal) || text.Contains("no handler found", StringComparison.Ordinal)) ? $"refused\t{Feature(text)}"
                : Other.Contains(pair.Name) ? "other\tthe identity or the paths of another engine"
                : $"different\t{difference}";
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{pair.Group}\t{pair.Name}\t{result}"));
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    private static string Feature(string text)
    {
        using var json = System.Text.Json.JsonDocument.Parse(text);
        var error = json.RootElement.GetProperty("error");
        var reason = error.ValueKind == System.Text.Json.JsonValueKind.String ? error.GetString()! : error.GetProperty("reason").GetString()!;
        return reason.StartsWith('[') ? reason[1..reason.IndexOf(']', StringComparison.Ordinal)] : reason.Split(" for uri ")[0];
    }
}
