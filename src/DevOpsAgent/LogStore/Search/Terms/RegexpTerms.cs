using System.Text;
using System.Text.RegularExpressions;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary>A regular expression over whole terms, run by an engine without backtracking: time is linear in the terms, whatever the pattern.</summary>
internal sealed class RegexpTerms : TermMatcher
{
    /// <summary>Whatever a request allows itself.</summary>
    private const int MostStates = 20_000;

    private readonly Regex _regex;

    public RegexpTerms(string pattern, string flags, bool insensitive, int maxStates) =>
        _regex = new(RegexpTranslation.Translate(pattern, flags, insensitive, Math.Min(maxStates, MostStates)), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);

    public override bool IsMatch(ReadOnlySpan<byte> term)
    {
        if (term.Length <= 1024)
        {
            Span<char> text = stackalloc char[term.Length];
            return _regex.IsMatch(text[..Encoding.UTF8.GetChars(term, text)]);
        }

        return _regex.IsMatch(Encoding.UTF8.GetString(term));
    }
}
