using System.Globalization;
using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>
/// What goes to the model: results of tools, evidence, questions. Each text is looked at whole, before anything is cut, so
/// that nothing can hide at the edge of a cut.
/// </summary>
internal sealed class InputRails(GuardrailsConfig config)
{
    private readonly GuardrailPolicy _secrets = GuardrailPolicies.Of(config.Input.Secrets, config.InputPolicy);
    private readonly GuardrailPolicy _personal = GuardrailPolicies.Of(config.Input.Personal, config.InputPolicy);
    private readonly GuardrailPolicy _injection = GuardrailPolicies.Of(config.Input.Injection, config.InputPolicy);

    /// <summary>Looks at all texts of a tree and changes what the policies say.</summary>
    /// <returns>Null: it may go; else why it is withheld.</returns>
    public string? Screen(JsonNode tree, GuardrailLog log)
    {
        if (!config.Enabled)
        {
            return null;
        }

        var leaves = Leaf.Of(tree);
        var texts = leaves.Select(static l => l.Text).ToList();
        var speaking = Speaking(leaves, texts);
        log.Add("input injection", _injection, speaking.Count);
        if (speaking.Count > 0 && _injection == GuardrailPolicy.Block)
        {
            return "it holds text that speaks to the model";
        }

        for (var i = 0; i < texts.Count; i++)
        {
            if (_injection == GuardrailPolicy.Sanitize && speaking.Contains(i))
            {
                texts[i] = string.Create(CultureInfo.InvariantCulture, $"[text that speaks to the model removed, {texts[i].Length} characters]");
            }
            else if (Redact(leaves[i].Name, texts[i], log, out var safe) is { } withheld)
            {
                return withheld;
            }
            else
            {
                texts[i] = safe;
            }

            if (!ReferenceEquals(texts[i], leaves[i].Text))
            {
                leaves[i].Replace(texts[i]);
            }
        }

        return null;
    }

    /// <summary>The same for one text: a person's question.</summary>
    /// <returns>Null: it may go; else why it is withheld.</returns>
    public string? Screen(string name, ref string text, GuardrailLog log)
    {
        var tree = new JsonObject { [name] = text };
        if (Screen(tree, log) is { } withheld)
        {
            return withheld;
        }

        text = tree[name]!.GetValue<string>();
        return null;
    }

    private string? Redact(string name, string text, GuardrailLog log, out string safe)
    {
        var whole = SecretText.IsSecretField(name) && text is not ("" or "-");
        safe = whole ? SecretText.Mark : SecretText.Remove(text, out _);
        var secrets = ReferenceEquals(safe, text) ? 0 : 1;
        log.Add("input secrets", _secrets, secrets);
        if (secrets > 0 && _secrets == GuardrailPolicy.Block)
        {
            return "it holds a secret";
        }

        safe = _secrets == GuardrailPolicy.Sanitize ? safe : text;
        var before = safe;
        safe = PersonalText.IsNameField(name) && before is not ("" or "-") ? PersonalText.Mark : PersonalText.Remove(before, out _);
        var personal = safe == before ? 0 : 1;
        log.Add("input personal", _personal, personal);
        if (personal > 0 && _personal == GuardrailPolicy.Block)
        {
            return "it holds personal data";
        }

        safe = _personal == GuardrailPolicy.Sanitize && personal > 0 ? safe : before;
        return null;
    }

    /// <summary>By row, in the order of reading, and then by column: a payload may be spread over many requests of one client.</summary>
    private static HashSet<int> Speaking(List<Leaf> leaves, List<string> texts)
    {
        var found = InjectionScan.Find(texts);

        // The path stands before the user agent; whoever splits a sentence over both may begin with either.
        found.UnionWith(InjectionScan.Find([.. texts.AsEnumerable().Reverse()]).Select(i => texts.Count - 1 - i));
        foreach (var column in Enumerable.Range(0, leaves.Count).GroupBy(i => (leaves[i].Name, leaves[i].Parent is JsonArray ? leaves[i].Index : -1)).Where(static g => g.Skip(1).Any()))
        {
            var places = column.ToList();
            found.UnionWith(InjectionScan.Find([.. places.Select(i => texts[i])]).Select(i => places[i]));
        }

        return found;
    }
}
