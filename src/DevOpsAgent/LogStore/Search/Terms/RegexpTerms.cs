using System.Text;
using System.Text.RegularExpressions;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary>A regular expression over whole terms, run by an engine without backtracking: time is linear in the terms, whatever the pattern.</summary>
internal sealed class RegexpTerms : TermMatcher
{
    /// <summary>Whatever a request allows itself.</summary>
    private const int MostStates = 20_000;

    /// <summary>Shorter ones are cheap enough to be matched anew.</summary>
    private const int RememberedFrom = 200;

    private readonly string _translated;
    private Regex? _made;

    public RegexpTerms(string pattern, string flags, bool insensitive, int maxStates)
    {
        _translated = RegexpTranslation.Translate(pattern, flags, insensitive, Math.Min(maxStates, MostStates));
        IsRemembered = pattern.Length >= RememberedFrom;
        Key = $"{flags} {insensitive} {pattern}";
    }

    /// <summary>What it means, for <see cref="RegexpMemo"/>.</summary>
    public string Key { get; }

    public bool IsRemembered { get; }

    private Regex Matcher => _made ??= new(_translated, RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);

    public override bool IsMatch(ReadOnlySpan<byte> term)
    {
        if (term.Length <= 1024)
        {
            Span<char> text = stackalloc char[term.Length];
            return Matcher.IsMatch(text[..Encoding.UTF8.GetChars(term, text)]);
        }

        return Matcher.IsMatch(Encoding.UTF8.GetString(term));
    }
}
