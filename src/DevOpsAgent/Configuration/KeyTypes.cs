using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Configuration;

/// <summary>The types that keys have. Each says what it wants in words that end a sentence beginning with the key's name.</summary>
internal static class KeyTypes
{
    public static SingleType<bool> Bool { get; } = Of<bool>(
        "must be true or false",
        static text => text is "true" or "false" ? text == "true" : null,
        static value => JsonValue.Create(value));

    public static SingleType<string> Text { get; } = Of<string>(
        "must be text",
        static text => text.Length > 0 ? text : null,
        static value => JsonValue.Create(SecretMask.Hide(value)));

    public static SingleType<Secret> Secret { get; } = new(
        "must be text",
        static (string text, out Secret value) =>
        {
            value = new(text);
            return text.Length > 0 ? null : "must not be empty";
        },
        static _ => JsonValue.Create(SecretMask.Masked)) { Secret = true };

    public static SingleType<TimeSpan> Duration { get; } = Of<TimeSpan>(
        "must be a duration above zero such as 90s, 30m, 4h or 7d (at most 3650d)",
        static text => DurationText.TryParse(text, out var value) && value > TimeSpan.Zero ? value : null,
        static value => JsonValue.Create(DurationText.Of(value)));

    public static SingleType<string> HttpUrl { get; } = Of<string>(
        "must be a URL that begins with http:// or https://",
        static text => IsHttp(text, out _) ? text : null,
        static value => JsonValue.Create(SecretMask.Hide(value)));

    public static SingleType<Uri> HttpUri { get; } = Of<Uri>(
        "must be a URL that begins with http:// or https://",
        static text => IsHttp(text, out var value) ? value : null,
        static value => JsonValue.Create(SecretMask.Hide(value.OriginalString)));

    public static SingleType<AddressRange> AddressOrRange { get; } = Of<AddressRange>(
        "must be an IP address or CIDR range such as 10.0.0.0/8 or 2001:db8::/32",
        static text => AddressRange.TryParse(text, out var value) ? value : null,
        static value => JsonValue.Create(value.ToString()));

    /// <summary>A star may stand in the file name only: a folder that appears later would not be noticed.</summary>
    public static SingleType<string> LogPath { get; } = Of<string>(
        "must be a file, '-' for standard input, or a pattern with * in its last part",
        static text => text.Length > 0 && text[^1] != '/' && !(Path.GetDirectoryName(text) ?? "").Contains('*', StringComparison.Ordinal) ? text : null,
        static value => JsonValue.Create(value));

    public static SingleType<string> EntryPoint { get; } = Of<string>(
        "must be an entry point's name as in Traefik's static configuration (letters, digits, - and _)",
        static text => text.Length is > 0 and <= 100 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? text : null,
        static value => JsonValue.Create(value));

    /// <summary>A name in Kubernetes, short enough for a label's value and for what is added to it.</summary>
    public static SingleType<string> ObjectName { get; } = Of<string>(
        "must be a Kubernetes name: lower-case letters, digits and -, at most 50",
        static text => IsObjectName(text) ? text : null,
        static value => JsonValue.Create(value));

    /// <summary>The key is a file's name in the mounted directory.</summary>
    public static SingleType<string> ConfigMapKey { get; } = Of<string>(
        "must be namespace/name/key such as traefik/blocklist/ips.txt",
        static text => text.Split('/') is [var ns, { Length: > 0 and <= 253 } name, { Length: > 0 and <= 253 } key] && IsObjectName(ns) && IsPlain(name) && IsPlain(key) ? text : null,
        static value => JsonValue.Create(value));

    public static SingleType<string> PodLabels { get; } = Of<string>(
        "must be labels such as app.kubernetes.io/name=traefik,tier=edge",
        static text => text.Split(',').All(static l => l.Split('=') is [{ Length: > 0 } key, { Length: <= 63 } value] && IsPlain(key.Replace("/", "", StringComparison.Ordinal)) && IsPlain(value)) ? text : null,
        static value => JsonValue.Create(value));

    /// <summary>A name without folders: the agent may only ever write this one file in a directory that others share.</summary>
    public static SingleType<string> YamlFileName { get; } = Of<string>(
        "must be a file name without folders that ends in .yaml or .yml",
        static text => !text.Contains('/', StringComparison.Ordinal) && text.Length is > 5 and <= 100 && text[0] != '.'
            && (text.EndsWith(".yaml", StringComparison.Ordinal) || text.EndsWith(".yml", StringComparison.Ordinal)) ? text : null,
        static value => JsonValue.Create(value));

    public static SingleType<string> Listen { get; } = Of<string>(
        "must be address:port such as 127.0.0.1:8686 or [::1]:8686",
        static text =>
        {
            text = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" + text["localhost".Length..] : text;
            var colon = text.LastIndexOf(':');
            return colon > 0 && (text[0] == '[') == (text[colon - 1] == ']') && (text[0] == '[' || !text[..colon].Contains(':', StringComparison.Ordinal))
                && IPEndPoint.TryParse(text, out _) ? text : null;
        },
        static value => JsonValue.Create(value));

    public static SingleType<string> HostName { get; } = Of<string>(
        "must be a host name or address, with a port or without, such as agent.example.org or agent.example.org:8686",
        static text => text.Length is > 0 and <= 260 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or ':' or '[' or ']') ? text : null,
        static value => JsonValue.Create(value));

    public static SingleType<string> SyslogAddress { get; } = Of<string>(
        "must be a Unix socket such as /dev/log, or udp://host:port",
        static text => text is ['/', _, ..] || (Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "udp", Host.Length: > 0, Port: > 0, PathAndQuery: "" or "/" }) ? text : null,
        static value => JsonValue.Create(value));

    public static SingleType<string> MailServer { get; } = Of<string>(
        "must be host:port of an SMTP server such as mail.example.org:587",
        static text => Uri.TryCreate("smtp://" + text, UriKind.Absolute, out var url) && url is { Host.Length: > 0, Port: > 0, PathAndQuery: "" or "/", UserInfo: "" } ? text : null,
        static value => JsonValue.Create(value));

    /// <summary>Attack: a line break in an address would add headers of its own to a mail.</summary>
    public static SingleType<string> MailAddress { get; } = Of<string>(
        "must be a plain mail address such as oncall@example.org",
        static text => text.Length <= 254 && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '@' or '.' or '-' or '_' or '+') ? text : null,
        static value => JsonValue.Create(value));

    public static SingleType<string> Flag { get; } = Of<string>(
        "must be a command-line flag without its value, such as --licence or -p",
        static text => text.Length is > 1 and < 100 && text[0] == '-' && !text.Contains('=', StringComparison.Ordinal) ? text : null,
        static value => JsonValue.Create(value));

    /// <summary>A regular expression that can be matched in linear time: no back references, no look-around.</summary>
    public static SingleType<string> Pattern { get; } = Of<string>(
        "must be a regular expression without back references and look-around, such as 'PIN (?<secret>[0-9]{4})'",
        static text => IsPattern(text) ? text : null,
        static value => JsonValue.Create(value));

    public static SingleType<long> Size(long least) => Of<long>(
        $"must be a size of at least {SizeText.Of(least)} such as 150MB or 1GB",
        text => SizeText.TryParse(text, out var value) && value >= least ? value : null,
        static value => JsonValue.Create(SizeText.Of(value)));

    public static SingleType<int> Number(int least, int most) => Of<int>(
        string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}"),
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value : null,
        static value => JsonValue.Create(value));

    public static SingleType<double> Fraction(double above, double least, double most, string words) => Of<double>(
        words,
        text => double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value > above && value >= least && value <= most ? value : null,
        static value => JsonValue.Create(value));

    /// <summary>One of some words; a near miss is named.</summary>
    public static SingleType<string> Choice(params string[] choices) => new(
        "must be " + Listed(choices),
        (string text, out string value) =>
        {
            value = text;
            return Array.IndexOf(choices, text) >= 0 ? null : "must be " + Listed(choices);
        },
        static value => JsonValue.Create(value));

    /// <summary>An enumeration by its names in lower case.</summary>
    public static SingleType<T> Choice<T>() where T : struct, Enum
    {
        var names = Enum.GetNames<T>().Select(static n => n.ToLowerInvariant()).ToArray();
        return Of<T>(
            "must be " + Listed([.. names.Reverse()]),
            text => Array.IndexOf(names, text) is >= 0 and var i ? Enum.GetValues<T>()[i] : null,
            static value => JsonValue.Create(value.ToString().ToLowerInvariant()));
    }

    public static OptionalType<T> Optional<T>(SingleType<T> type) where T : class => new(type);

    public static ListType<T> List<T>(SingleType<T> item, string example) => new(item, example);

    private static bool IsObjectName(string text) =>
        text.Length is > 0 and <= 50 && text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && text[0] != '-' && text[^1] != '-';

    private static bool IsPlain(string text) => text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool IsPattern(string text)
    {
        try
        {
            return text.Length > 0 && new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) is not null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static bool IsHttp(string text, out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) && url.Host.Length > 0;

    private static string Listed(string[] words) => string.Join(", ", words[..^1]) + " or " + words[^1];

    private static SingleType<T> Of<T>(string expects, Func<string, object?> read, Func<T, JsonNode?> show) => new(
        expects,
        (string text, out T value) =>
        {
            if (read(text) is T fine)
            {
                value = fine;
                return null;
            }

            value = default!;
            return expects;
        },
        show);
}
