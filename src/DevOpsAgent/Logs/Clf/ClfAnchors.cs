namespace DevOpsAgent.Logs.Clf;

/// <summary>Finds the parts of a CLF line that hold its columns in place.</summary>
internal static class ClfAnchors
{
    /// <summary>Counts <c> [21/Nov/2026:07:36:04 +0000] "</c> (0, 1, or 2 for more); <paramref name="index"/> is that of its first character.</summary>
    public static int FindTime(ReadOnlySpan<byte> line, out int index)
    {
        index = -1;
        var count = 0;
        var from = 0;
        while (count < 2 && line[from..].IndexOf("] \""u8) is var found and >= 0)
        {
            var close = from + found;
            var start = close - TimeText.ClfLength - 2;
            if (start >= 0 && line[start] == ' ' && line[start + 1] == '[' && IsTimeShape(line.Slice(start + 2, TimeText.ClfLength)))
            {
                index = start;
                count++;
            }

            from = close + 3;
        }

        return count;
    }

    /// <summary>Counts <c> HTTP/1.1" 404 512 "</c> (0, 1, or 2 for more); <paramref name="index"/> is that of its first character.</summary>
    public static int FindProtocol(ReadOnlySpan<byte> text, out int index)
    {
        index = -1;
        var count = 0;
        var from = 0;
        while (count < 2 && text[from..].IndexOf(" HTTP/"u8) is var found and >= 0)
        {
            from += found;
            if (IsStatus(text[(from + 6)..]))
            {
                index = from;
                count++;
            }

            from += 6;
        }

        return count;
    }

    /// <summary>Takes <c> 21 "shop@file" "http://127.0.0.1:9001" 1ms</c> off the end: Traefik's own text, no client can write behind it.</summary>
    public static bool TryTail(scoped ref ReadOnlySpan<byte> text, out long milliseconds, out ReadOnlySpan<byte> router, out long requestCount)
    {
        milliseconds = requestCount = 0;
        router = default;
        var space = text.LastIndexOf((byte)' ');
        if (space < 1 || !text.EndsWith("ms"u8) || text.Length < space + 4 || text[space - 1] != '"'
            || !NumberText.TryWhole(text[(space + 1)..^2], out milliseconds) || milliseconds is < 0 or > long.MaxValue / 1_000_000)
        {
            return false;
        }

        // ... "AGENT" 21 "ROUTER" "URL"
        text = text[..(space - 1)];
        var url = text.LastIndexOf("\" \""u8);
        if (url < 1)
        {
            return false;
        }

        text = text[..url];
        var open = text.LastIndexOf((byte)'"');
        if (open < 3 || text[open - 1] != ' ')
        {
            return false;
        }

        router = LineParser.NullDash(text[(open + 1)..]);
        text = text[..(open - 1)];
        space = text.LastIndexOf((byte)' ');
        if (space < 1 || text[space - 1] != '"')
        {
            return false;
        }

        var count = text[(space + 1)..];
        if (count is [(byte)'-'])
        {
            requestCount = -1;
        }
        else if (!NumberText.TryWhole(count, out requestCount) || requestCount < 0)
        {
            return false;
        }

        text = text[..space];
        return true;
    }

    // Only the shape: a time that can't be (month "Abc") is an anchor all the same, and then a BadTime.
    private static bool IsTimeShape(ReadOnlySpan<byte> text) =>
        text[2] == '/' && text[6] == '/' && text[11] == ':' && text[14] == ':' && text[17] == ':' && text[20] == ' ' && text[21] is (byte)'+' or (byte)'-';

    // 1.1" 404 512 "
    private static bool IsStatus(ReadOnlySpan<byte> text)
    {
        var position = 0;
        while (position < text.Length && position < 4 && (char.IsAsciiDigit((char)text[position]) || text[position] == '.'))
        {
            position++;
        }

        return position is > 0 and < 4 && text[position..].StartsWith("\" "u8)
            && SkipNumber(text, position + 2, out position) && SkipNumber(text, position, out position)
            && position < text.Length && text[position] == '"';
    }

    // "404 " or "- "
    private static bool SkipNumber(ReadOnlySpan<byte> text, int position, out int end)
    {
        end = position;
        while (end < text.Length && end - position < 19 && char.IsAsciiDigit((char)text[end]))
        {
            end++;
        }

        if (end == position && end < text.Length && text[end] == '-')
        {
            end++;
        }

        return end > position && end < text.Length && text[end++] == ' ';
    }
}
