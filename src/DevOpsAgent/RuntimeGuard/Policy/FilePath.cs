namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>Absolute paths as bytes, without ".", "..", doubled or trailing slashes: the only form that rules are compared with.</summary>
internal static class FilePath
{
    /// <summary>PATH_MAX: a longer path can't be named to the kernel.</summary>
    public const int MaxBytes = 4096;

    /// <summary>
    /// Attack: /etc/ssl/../shadow and //etc/shadow are other texts for a file that a rule names. Reads "." and ".." by the text
    /// alone; links are the business of whoever reports the path. False: relative, empty, too long, or with a zero byte: nobody
    /// can say which file it is. Never throws.
    /// </summary>
    /// <param name="written">At least as long as the path; the canonical path stands at its start.</param>
    public static bool TryCanonical(ReadOnlySpan<byte> path, Span<byte> written, out int length)
    {
        length = 0;
        if (path.Length is 0 or > MaxBytes || path[0] != '/' || path.Contains((byte)0))
        {
            return false;
        }

        var rest = path;
        while (!rest.IsEmpty)
        {
            var slash = rest.IndexOf((byte)'/');
            var part = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? default : rest[(slash + 1)..];
            if (part.IsEmpty || part is [(byte)'.'])
            {
                continue;
            }

            if (part is [(byte)'.', (byte)'.'])
            {
                length = Math.Max(0, written[..length].LastIndexOf((byte)'/'));
                continue;
            }

            written[length++] = (byte)'/';
            part.CopyTo(written[length..]);
            length += part.Length;
        }

        if (length == 0)
        {
            written[length++] = (byte)'/';
        }

        return true;
    }
}
