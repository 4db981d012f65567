using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Exec.Acl;

/// <summary>A list of groups of keys.</summary>
/// <param name="example">The first lines of an item.</param>
/// <param name="missing">The name of a key that an item must have and this one lacks; null: none.</param>
internal sealed class GroupsType<T>(KeyTable<T> table, Func<T> empty, string example, Func<T, string?> missing) : KeyType<IReadOnlyList<T>>
{
    public override bool IsList => true;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out IReadOnlyList<T> value)
    {
        value = [];
        if (node is ConfigScalar { IsNull: true })
        {
            return true;
        }

        if (node is not ConfigList list)
        {
            reader.Report(node, $"'{key}' must be a list, as '- {example}', not {KeyReader.Kind(node)}");
            return false;
        }

        var items = new List<T>(list.Items.Count);
        foreach (var each in list.Items)
        {
            var item = empty();
            if (each is not ConfigMap map)
            {
                reader.Report(each, $"an entry of '{key}' must be a group of keys, as '- {example}', not {KeyReader.Kind(each)}");
            }
            else if (table.TryRead(map, "", reader, ref item, null))
            {
                if (missing(item) is { } name)
                {
                    reader.Report(each, $"this entry of '{key}' has no '{name}'; add it");
                }
                else
                {
                    items.Add(item);
                }
            }
        }

        value = items;
        return items.Count == list.Items.Count;
    }

    public override JsonNode? Show(IReadOnlyList<T> value) => new JsonArray([.. value.Select(item =>
        (JsonNode)new JsonObject(table.Keys.Select(key => KeyValuePair.Create(key.Path, key.Show(item)))))]);
}
