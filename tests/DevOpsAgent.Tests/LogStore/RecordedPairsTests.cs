using System.Text;

namespace DevOpsAgent.Tests.LogStore;

/// <summary>What a real Elasticsearch answered, and what this store answers: each pair is equal, or refused by a feature's name.</summary>
public sealed class RecordedPairsTests(ITestOutputHelper output)
{
    [Fact]
    public void Table_is_what_the_store_does()
    {
        using var store = new RecordedStore();
        var lines = new StringBuilder();
        foreach (var pair in RecordedPair.All())
        {
            var answer = store.Send(pair);
            var difference = AnswerComparison.Difference(pair, answer);
            var text = Encoding.UTF8.GetString(answer.Body);
            var result = difference is null ? "equal" : text.Contains("unsupported_operation_exception", StringComparison.Ordinal) ? "refused" : "DIFFERENT";
            lines.Append($"{pair.Group}\t{pair.Name}\t{result}\t{(result == "equal" ? "" : difference)}\n");
        }

        File.WriteAllText("/tmp/e2-table.tsv", lines.ToString());
        output.WriteLine(lines.ToString());
    }
}
