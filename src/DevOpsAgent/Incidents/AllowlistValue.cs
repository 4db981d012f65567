using System.Globalization;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Incidents;

/// <summary>What an allowlist entry names: an address or range, or a DNS name. In its one canonical form.</summary>
internal readonly record struct AllowlistValue
{
    private AllowlistValue(string text, AddressRange? range)
    {
        Text = text;
        Range = range;
    }

    /// <summary>"203.0.113.7", "203.0.113.0/24" or "monitor.example.com".</summary>
    public string Text { get; }

    /// <summary>Null: a DNS name.</summary>
    public AddressRange? Range { get; }

    /// <summary>Never throws.</summary>
    /// <param name="force">True: also everything (/0), which switches blocking off.</param>
    /// <param name="error">What is wrong and what to write instead.</param>
    public static bool TryParse(string? text, bool force, out AllowlistValue value, out string error)
    {
        value = default;
        error = "";
        text = text?.Trim() ?? "";
        if (text.Length is 0 or > 253)
        {
            error = text.Length == 0 ? "An address, a CIDR range or a DNS name is missing." : "That is too long for an address or a DNS name.";
            return false;
        }

        if (AddressRange.TryParse(text, out var range))
        {
            return TryRange(text, range, force, out value, out error);
        }

        if (TryName(text, out var name))
        {
            value = new(name, null);
            return true;
        }

        error = Reason(text);
        return false;
    }

    /// <summary>For values that are stored: they were judged when they were added.</summary>
    public static bool TryParse(string text, out AllowlistValue value) => TryParse(text, force: true, out value, out _);

    private static bool TryRange(string text, AddressRange range, bool force, out AllowlistValue value, out string error)
    {
        value = default;
        error = "";
        var slash = text.IndexOf('/', StringComparison.Ordinal);

        // 203.0.113.77/24 may mean the one address or its network: a guess in the wrong direction opens 255 others.
        if (slash > 0 && ClientAddress.TryParse(text[..slash], out var address) && address != range.Address)
        {
            error = $"'{text}' has host bits set: write {range} for the network or {address} for the one address.";
            return false;
        }

        if (range.PrefixLength == 0 && !force)
        {
            error = $"'{text}' is every address: nothing would ever be blocked. Use mode disabled or review instead, or force it.";
            return false;
        }

        value = new(range.ToString(), range);
        return true;
    }

    private static bool TryName(string text, out string name)
    {
        name = text.TrimEnd('.').ToLowerInvariant();
        if (!name.All(char.IsAscii))
        {
            try
            {
                name = new IdnMapping().GetAscii(name);
            }
            catch (ArgumentException)
            {
                return false;
            }
        }

        var labels = name.Split('.');

        // A last label of digits is a mistyped address (10.0.0.256, 1.2.3), never a host name (RFC 3696).
        return name.Length is > 0 and <= 253 && !labels[^1].All(char.IsAsciiDigit) && labels.All(static label =>
            label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
    }

    private static string Reason(string text) => text switch
    {
        _ when text.StartsWith("*.", StringComparison.Ordinal) => $"'{text}': a wildcard can't be resolved to addresses. Name the hosts, or give their range.",
        _ when text.StartsWith('[') => $"'{text}': write the address without brackets and port.",
        _ when text.Contains("://", StringComparison.Ordinal) => $"'{text}' is a URL: give its host name only.",
        _ when text.Contains('/', StringComparison.Ordinal) => $"'{text}' is not a CIDR range: write it as 203.0.113.0/24 or 2001:db8::/48.",
        _ when text.Count(static c => c == ':') == 1 => $"'{text}': write the address or name without a port.",
        _ => $"'{text}' is neither an IP address, a CIDR range nor a DNS name.",
    };
}
