using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>Reads one entry into what it stands for. Null: fine; else what is wrong, following the quoted entry.</summary>
internal delegate string? ReadRule<T>(string text, List<T> values);

/// <summary>A list of rules; each keeps its line. All wrong entries are reported.</summary>
internal sealed class RulesType<T>(string example, ReadRule<T> read) : KeyType<IReadOnlyList<PolicyRule<T>>?>
{
    public override bool IsList => true;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out IReadOnlyList<PolicyRule<T>>? value)
    {
        value = null;
        if (node is ConfigScalar { IsNull: true })
        {
            return true;
        }

        if (node is not ConfigList list)
        {
            reader.Report(node, $"'{key}' must be a list, as [{example}], not {KeyReader.Kind(node)}");
            return false;
        }

        var rules = new List<PolicyRule<T>>(list.Items.Count);
        foreach (var item in list.Items)
        {
            if (item is not ConfigScalar { IsNull: false } scalar)
            {
                reader.Report(item, $"an entry of '{key}' must be text, as {example}, not {KeyReader.Kind(item)}");
                continue;
            }

            var values = new List<T>(1);
            if (read(scalar.Value, values) is { } wrong)
            {
                reader.Report(item, $"'{(scalar.Value.Length > 80 ? scalar.Value[..80] + "..." : scalar.Value)}' in '{key}' {wrong}");
            }
            else
            {
                rules.Add(new(scalar.Value, values, item.Line, item.Column));
            }
        }

        value = rules;
        return rules.Count == list.Items.Count;
    }

    public override JsonNode? Show(IReadOnlyList<PolicyRule<T>>? value) => value is null ? null : new JsonArray([.. value.Select(static r => (JsonNode)r.Text)]);
}
