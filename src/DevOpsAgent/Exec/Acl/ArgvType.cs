using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Exec.Acl;

/// <summary>The tokens of one allowed argv.</summary>
internal sealed class ArgvType : KeyType<ArgvDraft>
{
    private const int MaxTokens = 256;

    public override bool IsList => true;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out ArgvDraft value)
    {
        value = new([], node);
        if (node is not ConfigList { Items.Count: > 0 and <= MaxTokens } list)
        {
            reader.Report(node, $"'{key}' must be a list of 1 to {MaxTokens} tokens, as [journalctl, -n, <INT>], not {KeyReader.Kind(node)}");
            return false;
        }

        var tokens = new List<AclToken>(list.Items.Count);
        foreach (var item in list.Items)
        {
            if (item is not ConfigScalar { IsNull: false } scalar)
            {
                reader.Report(item, $"a token of '{key}' must be text, not {KeyReader.Kind(item)}; for an empty argument write \"\"");
            }
            else if (!AclToken.TryParse(scalar.Value, out var token, out var error))
            {
                reader.Report(item, $"the token '{scalar.Value}' {error}");
            }
            else if (tokens.Count == 0 && token.IsTemplate)
            {
                reader.Report(item, "the program itself can't be a template; name it");
            }
            else
            {
                tokens.Add(token);
            }
        }

        value = new(tokens, list.Items[0]);
        return tokens.Count == list.Items.Count;
    }

    public override JsonNode? Show(ArgvDraft value) => new JsonArray([.. value.Tokens.Select(static t => (JsonNode)t.Text)]);
}
