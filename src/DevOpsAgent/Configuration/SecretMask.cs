using System.Text.RegularExpressions;

namespace DevOpsAgent.Configuration;

/// <summary>Hides what must not be printed in text that is otherwise shown: passwords and tokens inside URLs.</summary>
internal static partial class SecretMask
{
    public const string Masked = "***";

    /// <summary>
    /// "https://ada:pw@es:9200/?api_key=k" gives "https://ada:***@es:9200/?api_key=***"; user information without a
    /// colon may be a token and is hidden whole. Other text is unchanged.
    /// </summary>
    public static string Hide(string text)
    {
        if (!text.Contains("://", StringComparison.Ordinal))
        {
            return text;
        }

        text = UserInformation().Replace(text, static m => m.Groups["user"] is { Success: true } user
            ? $"{m.Groups["scheme"].Value}{user.Value}:{Masked}@"
            : $"{m.Groups["scheme"].Value}{Masked}@");
        return SecretParameter().Replace(text, static m => m.Groups["name"].Value + Masked);
    }

    // A raw "@" or "/" in a password is not valid in a URL, but people write it: everything up to the last "@" before the path's query goes.
    [GeneratedRegex(@"(?<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?:(?<user>[^\s:/@?#]*):)?[^\s?#]*@", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex UserInformation();

    [GeneratedRegex(@"(?<name>[?&;][^=&;\s]*(key|token|secret|passw|pwd|sig|auth)[^=&;\s]*=)[^&;#\s]+", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex SecretParameter();
}
