using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Lists of addresses in a plugin's settings. What a list does is told by the name of its key: "ipDenyList", "denylist.ip",
/// "allowedIPAddresses". Other settings are never kept: API keys stand among them.
/// </summary>
internal static class PluginLists
{
    private const int MaxDepth = 12;

    private static readonly string[] Denying = ["deny", "denied", "black", "block", "ban"];
    private static readonly string[] Allowing = ["allow", "white", "permit"];
    private static readonly string[] Trusting = ["trust", "proxy", "proxies"];

    /// <summary>Plugins that decide by address without a list of their own.</summary>
    private static readonly string[] Deciders = ["crowdsec", "bouncer", "fail2ban", "geoblock", "geoip"];

    public static IEnumerable<ListDefinition> Read(string plugin, JsonNode? settings)
    {
        var found = new List<ListDefinition>();
        Walk(found, $"plugin.{ShownText.Of(plugin, 60)}", "", settings, 0);
        if (found.Count == 0 && Deciders.Any(d => plugin.Contains(d, StringComparison.OrdinalIgnoreCase) || settings.Entries().Any(e => e.Key.StartsWith(d, StringComparison.OrdinalIgnoreCase))))
        {
            found.Add(new(PatternKind.PluginMiddleware, PatternEffect.Denies, $"plugin.{ShownText.Of(plugin, 60)}", AddressTexts.None, "", 0, false, "the plugin decides by what another service or its own counting tells; its list is not in the cluster"));
        }

        return found;
    }

    private static void Walk(List<ListDefinition> found, string path, string words, JsonNode? node, int depth)
    {
        if (depth > MaxDepth)
        {
            return;
        }

        if (node is JsonObject)
        {
            foreach (var (key, value) in node.Entries())
            {
                Walk(found, $"{path}.{ShownText.Of(key, 60)}", $"{words} {key}", value, depth + 1);
            }

            return;
        }

        if (Addresses(node, words) is not { } addresses || Says(words, Trusting))
        {
            return;
        }

        var effect = EffectOf(words);
        if (addresses.Ranges.Count == 0 && effect != PatternEffect.Denies)
        {
            return;
        }

        var empty = addresses.Ranges.Count == 0 ? "the list is empty" : "";
        found.Add(new(PatternKind.PluginMiddleware, effect, path, addresses, "as the plugin does", 0, false, empty));
    }

    // ["198.51.100.23"], or one text "198.51.100.23,203.0.113.0/28" as fail2ban has it; an empty list counts where its name is one of a list of addresses
    private static AddressTexts? Addresses(JsonNode? node, string words)
    {
        var texts = node is JsonArray ? node.Texts() : [.. (node.Text() ?? "").Split([',', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];
        var addresses = AddressTexts.Read(texts);
        var empty = texts.Count == 0 && node is JsonArray { Count: 0 } && words.Contains("ip", StringComparison.OrdinalIgnoreCase) && (Says(words, Denying) || Says(words, Allowing));
        return empty || (addresses.Ranges.Count > 0 && addresses.Ranges.Count >= addresses.Invalid) ? addresses : null;
    }

    // The key nearest to the list says what it does; in one key the first word: "allowedIPBlocks" allows.
    private static PatternEffect EffectOf(string words)
    {
        foreach (var key in words.Split(' ').Reverse())
        {
            var (deny, allow) = (First(key, Denying), First(key, Allowing));
            if (deny != allow)
            {
                return deny < allow ? PatternEffect.Denies : PatternEffect.Allows;
            }
        }

        return PatternEffect.Unknown;
    }

    private static bool Says(string words, string[] any) => First(words, any) < int.MaxValue;

    private static int First(string words, string[] any) => any.Min(w => words.IndexOf(w, StringComparison.OrdinalIgnoreCase) is >= 0 and var at ? at : int.MaxValue);
}
