using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>A single value, or a list of them.</summary>
internal sealed class OneOrMoreType<T>(SingleType<T> item, string example) : KeyType<IReadOnlyList<T>>
{
    private readonly ListType<T> _list = new(item, example);

    public override bool IsList => true;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out IReadOnlyList<T> value) =>
        _list.TryRead(node is ConfigScalar { IsNull: false } ? new ConfigList([node], node.Line, node.Column) : node, key, reader, out value);

    public override JsonNode? Show(IReadOnlyList<T> value) => _list.Show(value);
}
