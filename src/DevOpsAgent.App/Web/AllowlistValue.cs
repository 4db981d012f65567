using System.Buffers;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.App.Web;

/// <summary>What may stand in the allowlist: an address, a range, or a DNS name of at least two labels.</summary>
internal static class AllowlistValue
{
    private static readonly SearchValues<char> s_label = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The form that is stored: canonical address or range, lower-case name. Never throws.</summary>
    public static bool TryCanonical(string? text, out string value)
    {
        value = "";
        text = text?.Trim();
        if (text is null or { Length: 0 or > 253 })
        {
            return false;
        }

        if (AddressRange.TryParse(text, out var range))
        {
            value = range.ToString();
            return true;
        }

        var name = text.TrimEnd('.').ToLowerInvariant();
        var labels = name.Split('.');

        // "1.2.3" is a mistyped address, not a name: the last label of a name is never a number.
        if (labels.Length < 2 || labels[^1].All(char.IsAsciiDigit) || labels.Any(static l => l.Length is 0 or > 63 || l[0] == '-' || l.AsSpan().ContainsAnyExcept(s_label)))
        {
            return false;
        }

        value = name;
        return true;
    }
}
