using System.Text.Json.Nodes;

namespace DevOpsAgent.Configuration;

/// <summary>The list of promotion rules: each a group of guard and severity.</summary>
internal sealed class PromoteType : KeyType<IReadOnlyList<PromotionRule>>
{
    public override bool IsList => true;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out IReadOnlyList<PromotionRule> value)
    {
        value = [];
        if (node is ConfigScalar { IsNull: true })
        {
            return true;
        }

        if (node is not ConfigList list)
        {
            reader.Report(node, $"'{key}' must be a list, as '- {{guard: behaviour, severity: high}}', not {KeyReader.Kind(node)}");
            return false;
        }

        var rules = new List<PromotionRule>();
        foreach (var item in list.Items)
        {
            var rule = new PromotionRule("", "");
            if (item is not ConfigMap map)
            {
                reader.Report(item, $"an entry of '{key}' must be a group with guard and severity, as {{guard: behaviour, severity: high}}, not {KeyReader.Kind(item)}");
            }
            else if (!ConfigKeys.Promotion.TryRead(map, "", reader, ref rule, null))
            {
                // Reported.
            }
            else if (rule.Guard.Length == 0 || rule.Severity.Length == 0)
            {
                reader.Report(item, $"this entry of '{key}' needs both 'guard' and 'severity'");
            }
            else
            {
                rules.Add(rule);
            }
        }

        value = rules;
        return rules.Count == list.Items.Count;
    }

    public override JsonNode? Show(IReadOnlyList<PromotionRule> value) => new JsonArray([.. value.Select(static rule =>
        (JsonNode)new JsonObject(ConfigKeys.Promotion.Keys.Select(key => KeyValuePair.Create(key.Path, key.Show(rule)))))]);
}
