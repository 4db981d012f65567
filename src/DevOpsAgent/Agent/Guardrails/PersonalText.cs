using System.Buffers;
using System.Text.RegularExpressions;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>
/// What names a person: mail addresses, card and account numbers, phone numbers. Digits alone are no phone number: ten of them
/// are a time in seconds, and a log is full of those.
/// </summary>
internal static class PersonalText
{
    public const string Mark = "[personal data removed]";

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private static readonly Regex Mail = new("[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63}(?:@|%40)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\\.[A-Za-z]{2,24}", Options);

    // A plus sign at a word's start, no leading zero, groups with space or dash between. "+01:00" of a time has neither.
    private static readonly Regex Phone = new("(?<before>^|[^0-9A-Za-z])\\+[1-9][0-9]{0,2}(?:[ -]?\\([0-9]{1,5}\\))?(?:[ -][0-9]{2,9}){1,5}", Options);

    // Cards begin with 3 to 6; times in milli-, micro- and nanoseconds begin with 1 until the year 2033.
    private static readonly Regex Card = new("[3-6][0-9]{3}(?:[ -]?[0-9]{3,6}){2,4}", Options);

    private static readonly Regex Account = new("[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?", Options);

    private static readonly SearchValues<string> NameFields = SearchValues.Create(["username", "user.name", "user_name", "client_user", "user.email", "user.full_name"], StringComparison.OrdinalIgnoreCase);

    /// <summary>True: this is a field that holds a person's name, such as ClientUsername.</summary>
    public static bool IsNameField(string name) => name.AsSpan().ContainsAny(NameFields);

    /// <summary>The text without what names a person, and how often it did.</summary>
    public static string Remove(string text, out int count)
    {
        var found = 0;
        if (text.Contains('@', StringComparison.Ordinal) || text.Contains("%40", StringComparison.Ordinal))
        {
            text = Mail.Replace(text, _ => Marked(ref found));
        }

        if (text.Contains('+', StringComparison.Ordinal))
        {
            text = Phone.Replace(text, m => Digits(m.ValueSpan) >= 8 ? m.Groups["before"].Value + Marked(ref found) : m.Value);
        }

        if (text.Length >= 13 && text.AsSpan().ContainsAnyInRange('0', '9'))
        {
            text = Card.Replace(text, m => IsWhole(text, m) && IsCard(m.ValueSpan) ? Marked(ref found) : m.Value);
            text = Account.Replace(text, m => IsWhole(text, m) && IsAccount(m.ValueSpan) ? Marked(ref found) : m.Value);
        }

        count = found;
        return text;
    }

    private static string Marked(ref int found)
    {
        found++;
        return Mark;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var digits = 0;
        foreach (var c in text)
        {
            digits += char.IsAsciiDigit(c) ? 1 : 0;
        }

        return digits;
    }

    /// <summary>Not a part of a longer number, address, time or word.</summary>
    private static bool IsWhole(string text, Match match)
    {
        var end = match.Index + match.Length;
        return (match.Index == 0 || !IsInner(text[match.Index - 1])) && (end == text.Length || !IsInner(text[end]));
    }

    private static bool IsInner(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '_';

    /// <summary>13 to 19 digits with Luhn's check digit (ISO/IEC 7812).</summary>
    private static bool IsCard(ReadOnlySpan<char> text)
    {
        var (sum, digits) = (0, 0);
        for (var i = text.Length - 1; i >= 0; i--)
        {
            if (char.IsAsciiDigit(text[i]))
            {
                var digit = text[i] - '0';
                sum += digits++ % 2 == 1 ? (digit > 4 ? (digit * 2) - 9 : digit * 2) : digit;
            }
        }

        return digits is >= 13 and <= 19 && sum % 10 == 0;
    }

    /// <summary>An IBAN: the remainder by 97 of its digits, country moved to the end, is 1 (ISO 7064).</summary>
    private static bool IsAccount(ReadOnlySpan<char> text)
    {
        Span<char> plain = stackalloc char[64];
        var length = 0;
        foreach (var c in text)
        {
            if (c != ' ' && length < plain.Length)
            {
                plain[length++] = c;
            }
        }

        var rest = 0;
        for (var i = 0; i < length; i++)
        {
            var c = plain[(i + 4) % length];
            rest = char.IsAsciiDigit(c) ? ((rest * 10) + (c - '0')) % 97 : ((rest * 100) + (c - 'A' + 10)) % 97;
        }

        return length is >= 15 and <= 34 && rest == 1;
    }
}
