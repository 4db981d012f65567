using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>What one middleware's definition says about addresses, wherever the definition stands.</summary>
/// <param name="Path">Below the definition: "ipAllowList", "plugin.denyip.ipDenyList".</param>
/// <param name="DeniesAll">An allow list of addresses that no client has: the other half of a deny rule.</param>
/// <param name="Remark">What more there is to say; empty: nothing.</param>
internal sealed record ListDefinition(PatternKind Kind, PatternEffect Effect, string Path, AddressTexts Addresses, string Compares, int Status, bool DeniesAll, string Remark)
{
    /// <summary>No client comes from there.</summary>
    private static readonly AddressRange[] Nobody = [.. new[] { "255.255.255.255/32", "240.0.0.0/4", "127.0.0.0/8", "0.0.0.0/8", "::1/128", "100::/64" }.Select(AddressRange.Parse)];

    private static readonly string[] Deciders = ["crowdsec", "bouncer", "fail2ban", "ipfilter", "ip-filter", "geoip", "geoblock", "blocklist", "denylist"];

    /// <summary>All that a definition holds; empty: it has nothing to do with addresses.</summary>
    public static IReadOnlyList<ListDefinition> ReadHttp(JsonNode? definition, string name)
    {
        var found = new List<ListDefinition>();
        AllowLists(found, definition, PatternKind.AllowListMiddleware);
        foreach (var (plugin, settings) in definition.At("plugin").Entries())
        {
            found.AddRange(PluginLists.Read(plugin, settings));
        }

        if (definition.At("forwardAuth", "address").Text() is { } address && Decides(name, address) is { } host)
        {
            found.Add(new(PatternKind.AuthMiddleware, PatternEffect.Denies, "forwardAuth", AddressTexts.None, "", 0, false, $"another service decides each request: {host}"));
        }

        return found;
    }

    public static IReadOnlyList<ListDefinition> ReadTcp(JsonNode? definition)
    {
        var found = new List<ListDefinition>();
        AllowLists(found, definition, PatternKind.TcpAllowListMiddleware);
        return found;
    }

    /// <summary>"basicAuth", "chain": the kinds of a definition, for what isn't about addresses.</summary>
    public static string TypeOf(JsonNode? definition)
    {
        var types = definition.Entries().Select(static e => e.Key == "plugin" ? $"plugin {string.Join(", ", e.Value.Entries().Select(static p => p.Key))}" : e.Key).ToList();
        return types.Count == 0 ? "empty" : ShownText.Of(string.Join(" + ", types), 80);
    }

    private static void AllowLists(List<ListDefinition> found, JsonNode? definition, PatternKind kind)
    {
        foreach (var name in (string[])["ipAllowList", "ipWhiteList"])
        {
            if (definition.At(name) is not { } list)
            {
                continue;
            }

            var addresses = AddressTexts.Read(list.At("sourceRange").Texts());
            var strategy = list.At("ipStrategy");
            var excluded = strategy.At("excludedIPs").Texts().Count;
            var compares = strategy.At("depth").Number() is > 0 and var depth ? $"forwarded[{depth}]"
                : excluded > 0 ? "forwarded without excluded"
                : "peer";
            var nobody = addresses.Ranges.Count > 0 && addresses.Invalid == 0 && addresses.Ranges.All(static r => Array.Exists(Nobody, n => n.Contains(r)));
            var remark = addresses.Ranges.Count + addresses.Invalid == 0 ? "sourceRange is empty: Traefik refuses it and drops every router that names it"
                : addresses.Invalid > 0 ? "an entry is no address: Traefik refuses it and drops every router that names it"
                : nobody ? "nobody is in the list: it denies everybody who gets to it"
                : "";
            found.Add(new(kind, PatternEffect.Allows, name, addresses, compares, StatusOf(list), nobody, remark));
        }
    }

    private static int StatusOf(JsonNode list) => list.At("rejectStatusCode").Number() is > 0 and < 600 and var status ? (int)status : 403;

    // Only the host is kept: an address may hold a token.
    private static string? Decides(string name, string address)
    {
        var host = Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.Host : "";
        return Array.Exists(Deciders, d => name.Contains(d, StringComparison.OrdinalIgnoreCase) || host.Contains(d, StringComparison.OrdinalIgnoreCase)) ? ShownText.Of(host.Length > 0 ? host : "?", 100) : null;
    }
}
