namespace DevOpsAgent.Logs.Query;

/// <summary>Tokens of Lucene's query language.</summary>
internal enum QueryStringKind : byte
{
    End,
    Term,
    Pattern,
    Prefix,
    Quoted,
    Regexp,
    Range,
    And,
    Or,
    Not,
    Plus,
    Minus,
    Open,
    Close,
    Colon,
    Boost,
    Fuzzy,
    Star,
}

/// <param name="Text">As written, escapes and all.</param>
internal readonly record struct QueryStringToken(QueryStringKind Kind, string Text)
{
    /// <summary>Bounds of a range, and whether each is included.</summary>
    public (string From, bool IncludeFrom, string To, bool IncludeTo) Range { get; init; }

    /// <summary>The text without its escapes.</summary>
    public static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
                if (text[i] == 'u' && i + 4 < text.Length && ushort.TryParse(text.AsSpan(i + 1, 4), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var code))
                {
                    plain.Append((char)code);
                    i += 4;
                    continue;
                }
            }

            plain.Append(text[i]);
        }

        return plain.ToString();
    }
}
