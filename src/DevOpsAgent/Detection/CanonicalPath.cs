namespace DevOpsAgent.Detection;

/// <summary>
/// The canonical form of a request path: what a lenient server might take it for, so that one pattern meets every
/// spelling. Percent signs decoded until stable (three rounds), overlong and full-width UTF-8 made ASCII, backslash
/// made slash, letters lower, path parameters, NUL and what follows, trailing dots and spaces cut, empty and dot
/// segments resolved. The query is decoded likewise, with runs of white space and SQL comments as one space.
/// Reused per thread; allocates only while its buffers grow.
/// </summary>
internal sealed class CanonicalPath
{
    private const int MaxRounds = 3;

    private byte[] _decoded = new byte[1024];
    private byte[] _path = new byte[1024];
    private byte[] _query = new byte[1024];
    private readonly int[] _starts = new int[ClassifierScratch.MaxSegments];
    private readonly int[] _ends = new int[ClassifierScratch.MaxSegments];
    private int _decodedLength;
    private int _pathLength;
    private int _queryLength;

    /// <summary>"/" or "/a/b", without a slash at the end.</summary>
    public ReadOnlySpan<byte> Path => _path.AsSpan(0, _pathLength);

    /// <summary>Decoded and lower-case, but with its dots, parameters and slashes as they were.</summary>
    public ReadOnlySpan<byte> Decoded => _decoded.AsSpan(0, _decodedLength);

    /// <summary>Decoded, lower-case, without the question mark.</summary>
    public ReadOnlySpan<byte> Query => _query.AsSpan(0, _queryLength);

    public int SegmentCount { get; private set; }

    /// <summary>True: the path ended with a slash, so a directory was asked for.</summary>
    public bool TrailingSlash { get; private set; }

    /// <summary>Traversal, Trick and Query only.</summary>
    public FactFlags Flags { get; private set; }

    public ReadOnlySpan<byte> Segment(int index) => _path.AsSpan(_starts[index], _ends[index] - _starts[index]);

    /// <summary>Reads a path with or without query, as logged. Never throws.</summary>
    public void Read(ReadOnlySpan<byte> raw)
    {
        Flags = FactFlags.None;
        var mark = raw.IndexOf((byte)'?');
        var path = mark < 0 ? raw : raw[..mark];
        var query = mark < 0 ? default : raw[(mark + 1)..];
        Grow(ref _decoded, path.Length);
        Grow(ref _path, path.Length + 1);
        Grow(ref _query, query.Length);

        _decodedLength = Decode(path, _decoded, plusIsSpace: false, out var rounds, out var overlong);
        if (rounds > 1 || overlong)
        {
            Flags |= FactFlags.Trick;
        }

        Resolve();

        _queryLength = 0;
        if (!query.IsEmpty)
        {
            Flags |= FactFlags.Query;
            _queryLength = Squeeze(_query.AsSpan(0, Decode(query, _query, plusIsSpace: true, out _, out _)));
        }
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new byte[Math.Max(length, buffer.Length * 2)];
        }
    }

    private static int Decode(ReadOnlySpan<byte> raw, byte[] into, bool plusIsSpace, out int rounds, out bool overlong)
    {
        raw.CopyTo(into);
        var length = raw.Length;
        if (plusIsSpace)
        {
            into.AsSpan(0, length).Replace((byte)'+', (byte)' ');
        }

        rounds = 0;
        overlong = false;
        // %252e%252e%252f is %2e%2e%2f to one server and ../ to the next.
        while (rounds < MaxRounds && PercentDecode(into.AsSpan(0, length), out var shorter))
        {
            length = shorter;
            rounds++;
        }

        var text = into.AsSpan(0, length);
        if (text.IndexOfAnyInRange((byte)0xC0, (byte)0xEF) >= 0)
        {
            length = Narrow(text, out overlong);
            text = text[..length];
        }

        foreach (ref var b in text)
        {
            if ((uint)(b - 'A') <= 'Z' - 'A')
            {
                b |= 0x20;
            }
        }

        return length;
    }

    private static bool PercentDecode(Span<byte> text, out int length)
    {
        length = text.Length;
        var first = text.IndexOf((byte)'%');
        if (first < 0)
        {
            return false;
        }

        var changed = false;
        var to = first;
        for (var i = first; i < text.Length; to++)
        {
            if (text[i] == '%' && i + 2 < text.Length && Hex(text[i + 1]) is >= 0 and var high && Hex(text[i + 2]) is >= 0 and var low)
            {
                text[to] = (byte)(high << 4 | low);
                i += 3;
                changed = true;
            }
            else if (text[i] == '%' && i + 5 < text.Length && (text[i + 1] | 0x20) == 'u' && text[i + 2] == '0' && text[i + 3] == '0'
                && Hex(text[i + 4]) is >= 0 and var h && Hex(text[i + 5]) is >= 0 and var l)
            {
                // %u002e: the form that only old Microsoft servers read
                text[to] = (byte)(h << 4 | l);
                i += 6;
                changed = true;
            }
            else
            {
                text[to] = text[i++];
            }
        }

        length = to;
        return changed;
    }

    private static int Hex(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };

    /// <summary>ASCII written in two or three bytes: C0 AE and E0 80 AE for a dot, EF BC 8F for a slash.</summary>
    private static int Narrow(Span<byte> text, out bool found)
    {
        found = false;
        var to = 0;
        for (var i = 0; i < text.Length; to++)
        {
            var b = text[i];
            if (b is 0xC0 or 0xC1 && i + 1 < text.Length && (text[i + 1] & 0xC0) == 0x80)
            {
                text[to] = (byte)((b & 1) << 6 | text[i + 1] & 0x3F);
                i += 2;
                found = true;
            }
            else if (b == 0xE0 && i + 2 < text.Length && text[i + 1] is 0x80 or 0x81 && (text[i + 2] & 0xC0) == 0x80)
            {
                text[to] = (byte)((text[i + 1] & 1) << 6 | text[i + 2] & 0x3F);
                i += 3;
                found = true;
            }
            else if (b == 0xEF && i + 2 < text.Length && text[i + 1] == 0xBC && text[i + 2] is >= 0x81 and <= 0xBF)
            {
                text[to] = (byte)(text[i + 2] - 0x60);
                i += 3;
                found = true;
            }
            else
            {
                text[to] = b;
                i++;
            }
        }

        return to;
    }

    private void Resolve()
    {
        _decoded.AsSpan(0, _decodedLength).Replace((byte)'\\', (byte)'/');
        var text = Decoded;
        var count = 0;
        var length = 0;
        TrailingSlash = text.Length > 1 && text[^1] == '/';
        while (!text.IsEmpty)
        {
            var slash = text.IndexOf((byte)'/');
            var segment = slash < 0 ? text : text[..slash];
            text = slash < 0 ? default : text[(slash + 1)..];
            if (segment.IsEmpty)
            {
                continue;
            }

            segment = Trim(segment, out var dots);
            if (dots >= 2)
            {
                // "....//" is what is left for a filter that removes "../" once
                Flags |= FactFlags.Traversal;
                if (count > 0)
                {
                    count--;
                    length = _starts[count] - 1;
                }

                continue;
            }

            if (segment.IsEmpty)
            {
                continue;
            }

            if (count == ClassifierScratch.MaxSegments)
            {
                count--;
            }

            _path[length++] = (byte)'/';
            _starts[count] = length;
            segment.CopyTo(_path.AsSpan(length));
            length += segment.Length;
            _ends[count++] = length;
        }

        if (length == 0)
        {
            _path[length++] = (byte)'/';
        }

        SegmentCount = count;
        _pathLength = length;
    }

    /// <summary>The name without parameters, NUL and trailing dots or spaces. <paramref name="dots"/>: how many dots, where it is nothing but dots.</summary>
    private ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> segment, out int dots)
    {
        dots = 0;
        var nul = segment.IndexOf((byte)0);
        if (nul >= 0)
        {
            // /etc/passwd%00.png ends at the NUL for a C program
            segment = segment[..nul];
            Flags |= FactFlags.Trick;
        }

        var parameters = segment.IndexOf((byte)';');
        if (parameters >= 0)
        {
            segment = segment[..parameters];
        }

        var stream = segment.IndexOf("::$"u8);
        if (stream > 0)
        {
            // web.config::$DATA is web.config on NTFS
            segment = segment[..stream];
            Flags |= FactFlags.Trick;
        }

        var trimmed = segment.TrimEnd(". "u8);
        if (trimmed.IsEmpty)
        {
            dots = segment.Count((byte)'.');
            return default;
        }

        return trimmed;
    }

    private static int Squeeze(Span<byte> text)
    {
        var to = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == '/' && i + 3 < text.Length && text[i + 1] == '*' && text[i + 2] == '*' && text[i + 3] == '/')
            {
                // union/**/select
                i += 3;
                b = (byte)' ';
            }
            else if (b is (byte)'\t' or (byte)'\r' or (byte)'\n' or 0x0B or 0x0C)
            {
                b = (byte)' ';
            }

            if (b != ' ' || to == 0 || text[to - 1] != ' ')
            {
                text[to++] = b;
            }
        }

        return to;
    }
}
