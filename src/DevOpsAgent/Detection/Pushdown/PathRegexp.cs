namespace DevOpsAgent.Detection.Pushdown;

/// <summary>
/// A pattern list as Lucene regular expressions over the raw path as Elasticsearch keeps it. They find every path that the
/// list would match, and some more: what is found is read and judged by the <see cref="Classifier"/> itself.
/// </summary>
internal static class PathRegexp
{
    /// <summary>
    /// Spellings that no browser makes: letters, digits, dots and backslashes in percent signs, encoded any number of times,
    /// %u00xx, overlong and full-width UTF-8, NUL, two dots, parameters within the path. The patterns below needn't know them.
    /// </summary>
    public const string Odd = @".*(%(25)*(2d|2e|5c|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a]|00|u00|c0|c1|e0%(25)*8|ef%(25)*bc)|[！-～]).*|[^?]*(\.\.|\\|;[^?]*(/|%(25)*2f)).*";

    /// <summary>Elasticsearch reads 1000 characters (index.max_regex_length); the rest is for beginning and end.</summary>
    private const int Longest = 850;

    /// <summary>Longer depths are not worth their states.</summary>
    private const int DeepestBound = 2;

    /// <summary>After a name: dots and slashes that are cut, parameters, a stream, an encoded space, the query.</summary>
    private const string End = @"[. /\\]*([;:%][^?]*)?(\?.*)?";

    private const string Below = @"[/\\%;. ].*";
    private const string AtRoot = @"(https?://[^/?]*)?[/\\. %f025]*";

    /// <summary>A hidden name in any of the first segments.</summary>
    public const string DotName = @"[^?]*[/\\f]\.[^/.].*";

    public static IReadOnlyList<string> Of(PatternList list)
    {
        var somewhere = list.MaxDepth <= DeepestBound ? $@"(https?://[^/?]*)?([^/?]*[/\\f.]+){{0,{list.MaxDepth + 1}}}" : @"([^?]*[/\\f])?";
        var end = list.Stem ? @"(\.[^/.?]*)?" + End : End;
        var groups = new (string Start, string End, PatternTrie Trie)[] { (AtRoot, End, new()), (AtRoot, Below, new()), (somewhere, end, new()), (somewhere, Below, new()), (".*", ".*", new()) };
        foreach (var pattern in list.Patterns)
        {
            var text = pattern.Text;
            if (text[0] == '~')
            {
                // Agents have a field of their own.
                if ((list.Targets & (MatchTarget.Path | MatchTarget.Query)) != MatchTarget.None)
                {
                    groups[4].Trie.Add([.. text[1..].Select(PatternAtoms.InText)]);
                }

                continue;
            }

            var below = text.EndsWith("/**", StringComparison.Ordinal) ? 3 : text.EndsWith("/*", StringComparison.Ordinal) ? 2 : 0;
            var name = text[..^below].TrimEnd('/').TrimStart('/');
            groups[(text[0] == '/' ? 0 : 2) + (below > 0 ? 1 : 0)].Trie.Add([.. name.Select(PatternAtoms.InName)]);
        }

        return [.. groups.Where(static g => !g.Trie.IsEmpty).SelectMany(static g => g.Trie.Split(Longest).Select(part => $"{g.Start}({part}){g.End}"))];
    }

    /// <summary>For a list of user agents, which are compared in lower case and never decoded.</summary>
    public static IReadOnlyList<string> OfAgents(PatternList list)
    {
        var trie = new PatternTrie();
        foreach (var pattern in list.Patterns.Where(static p => p.Text[0] == '~'))
        {
            trie.Add([.. pattern.Text[1..].Select(PatternAtoms.InAgent)]);
        }

        return trie.IsEmpty ? [] : [.. trie.Split(Longest).Select(static part => $".*({part}).*")];
    }
}
