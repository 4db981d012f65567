namespace DevOpsAgent.Logs.Container;

/// <summary>
/// The prefix of a Kubernetes container log (CRI): <c>2026-11-21T07:40:01.123456789Z stdout F text</c>. The tag is F for a
/// whole line or the last part of one, P for a part that goes on in the next line of the same stream.
/// </summary>
internal static class RuntimePrefix
{
    public static bool TrySplit(ReadOnlySpan<byte> line, out bool isError, out bool isPartial, out ReadOnlySpan<byte> text)
    {
        isError = isPartial = false;
        text = default;
        if (line.Length < 29 || (uint)(line[0] - '0') > 9 || line[4] != '-' || line[7] != '-' || line[10] != 'T')
        {
            return false;
        }

        var space = line[..Math.Min(line.Length, 36)].IndexOf((byte)' ');
        if (space < 20 || line.Length < space + 9)
        {
            return false;
        }

        var rest = line[(space + 1)..];
        isError = rest.StartsWith("stderr "u8);
        if (!isError && !rest.StartsWith("stdout "u8))
        {
            return false;
        }

        // "F", "P", or several tags: "F:..."
        rest = rest[7..];
        var end = rest.IndexOf((byte)' ');
        var tags = end < 0 ? rest : rest[..end];
        if (tags.IsEmpty || tags[0] is not ((byte)'F' or (byte)'P') || (tags.Length > 1 && tags[1] != ':'))
        {
            return false;
        }

        isPartial = tags[0] == 'P';
        text = end < 0 ? default : rest[(end + 1)..];
        return true;
    }
}
