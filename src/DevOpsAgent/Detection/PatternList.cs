namespace DevOpsAgent.Detection;

/// <summary>
/// A PatternList is a named file of patterns, one a line, lower case, for paths, queries or user agents. It says what
/// requests look alike; only a rule says what that means.
/// <code>
/// #@match path query agent     where ~texts are looked for (default: path; agent for a list named *-agents)
/// #@depth 3                    the match begins at most so many segments below the root
/// #@stem                       a name also matches with one extension after it: admin, admin.php
/// /a/b     the whole path            /a/*     below /a/            name, a/b   the path's last segments
/// name*    last segment begins so    *.ext    last segment ends so    dir/**   somewhere below these segments
/// ~text    contained anywhere
/// </code>
/// </summary>
internal sealed record PatternList
{
    /// <summary>File name without extension.</summary>
    public required string Name { get; init; }

    public required IReadOnlyList<Pattern> Patterns { get; init; }

    public MatchTarget Targets { get; init; } = MatchTarget.Path;

    /// <summary>Segments before the match, at most.</summary>
    public int MaxDepth { get; init; } = byte.MaxValue;

    /// <summary>Names are also compared with the last segment's extension cut off.</summary>
    public bool Stem { get; init; }

    public string File { get; init; } = "";
}

internal sealed record Pattern(string Text, int Line);

[Flags]
internal enum MatchTarget : byte
{
    None = 0,
    Path = 1,
    Query = 2,
    Agent = 4,
}
