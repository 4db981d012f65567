using System.Text;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>
/// A path of a policy. Exact; or with <c>/*</c> at its end: the directory and all below it; or with <c>*</c> as a component
/// before that: exactly one component, whatever its name.
/// </summary>
internal sealed class PathPattern
{
    private static readonly byte[] s_star = "*"u8.ToArray();

    private PathPattern(string text, byte[] path, byte[][]? components, bool tree)
    {
        Text = text;
        Path = path;
        Components = components;
        IsTree = tree;
    }

    /// <summary>As matched: "/etc/ssl/*".</summary>
    public string Text { get; }

    /// <summary>Without the final "/*"; empty for all files.</summary>
    public byte[] Path { get; }

    /// <summary>The directory and all below it.</summary>
    public bool IsTree { get; }

    /// <summary>Null: no star before the end.</summary>
    public byte[][]? Components { get; }

    /// <summary>The part that names existing files, for resolving links: up to the first star, without it.</summary>
    public string Literal => Text.IndexOf("/*", StringComparison.Ordinal) is >= 0 and var star ? Text[..star] : Text;

    /// <summary>Never throws. False: the error says what is wrong, to follow the pattern's text.</summary>
    public static bool TryParse(string text, out PathPattern pattern, out string error)
    {
        pattern = null!;
        error = Mistake(text) ?? "";
        if (error.Length > 0)
        {
            return false;
        }

        var tree = text.EndsWith("/*", StringComparison.Ordinal);
        var path = Encoding.UTF8.GetBytes(tree ? text[..^2] : text);
        byte[][]? components = null;
        if (path.AsSpan().IndexOf("/*"u8) >= 0)
        {
            components = [.. (tree ? text[1..^2] : text[1..]).Split('/').Select(static c => c == "*" ? s_star : Encoding.UTF8.GetBytes(c))];
        }

        pattern = new(text, path, components, tree);
        return true;
    }

    /// <summary>The plain matcher: slow, and what the fast one is held against.</summary>
    /// <param name="path">Canonical.</param>
    public bool Matches(ReadOnlySpan<byte> path)
    {
        if (Components is null)
        {
            return path.SequenceEqual(Path) || IsTree && path.Length > Path.Length && path[Path.Length] == '/' && path.StartsWith(Path);
        }

        var rest = path[1..];
        for (var i = 0; i < Components.Length; i++)
        {
            var slash = rest.IndexOf((byte)'/');
            var part = slash < 0 ? rest : rest[..slash];
            if (part.IsEmpty || Components[i] != s_star && !part.SequenceEqual(Components[i]))
            {
                return false;
            }

            if (i == Components.Length - 1)
            {
                return slash < 0 || IsTree;
            }

            rest = slash < 0 ? default : rest[(slash + 1)..];
        }

        return false;
    }

    private static string? Mistake(string text)
    {
        if (text is not ['/', ..])
        {
            return "must be an absolute path such as /etc/ssl/*, or @runtime for what every program needs";
        }

        if (Encoding.UTF8.GetByteCount(text) > FilePath.MaxBytes || text.Contains('\uFFFD', StringComparison.Ordinal) || text.Any(char.IsControl))
        {
            return "must be at most 4096 bytes of text without control characters";
        }

        if (text.Length > 1 && text[^1] == '/')
        {
            return $"ends with '/'; write {text}* for the directory and all below it, or {text.TrimEnd('/')} for it alone";
        }

        if (text.Contains('?', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal) && text.Contains(']', StringComparison.Ordinal) || text.Contains('{', StringComparison.Ordinal) && text.Contains('}', StringComparison.Ordinal))
        {
            return "has a pattern that is not known here; only * is, as a whole component";
        }

        foreach (var part in text[1..].Split('/'))
        {
            if (text.Length > 1 && part is "" or "." or "..")
            {
                return "must not contain '//', '/./' or '/../'; write the path as the kernel does";
            }

            if (part.Contains('*', StringComparison.Ordinal) && part != "*")
            {
                return $"has '*' inside '{part}'; * stands for a whole component, or at the end (as {text[..(text.LastIndexOf('/') + 1)]}*) for a directory and all below it";
            }
        }

        return null;
    }
}
