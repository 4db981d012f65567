namespace DevOpsAgent.Logs;

/// <summary>
/// Where a block of bytes may be cut so that no record is torn: after a line feed, and not between the parts of a line
/// that a container runtime split (CRI: <c>2026-11-21T07:40:01.1Z stdout P first part</c>, then <c>… F last part</c>).
/// </summary>
internal static class LineBoundary
{
    /// <summary>A line longer than this is counted and skipped.</summary>
    public const int MaxLine = 64 * 1024;

    /// <summary>Docker's json-file driver cuts a container's line after so many bytes (its log copier's buffer).</summary>
    public const int DockerPart = 16 * 1024;

    /// <summary>Length of the longest prefix that ends on a record boundary; 0 = none yet. A split record that grows beyond <see cref="MaxLine"/> is cut all the same.</summary>
    public static int CompleteLength(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.LastIndexOf((byte)'\n') + 1;
        var whole = end;
        while (whole > 0)
        {
            var start = bytes[..(whole - 1)].LastIndexOf((byte)'\n') + 1;
            if (!IsPartial(bytes[start..(whole - 1)]))
            {
                return whole;
            }

            if (end - start > MaxLine)
            {
                return end;
            }

            whole = start;
        }

        return whole;
    }

    /// <summary>True for a CRI line with the tag P, and for a Docker line that was cut: its record goes on in the next line of the stream.</summary>
    public static bool IsPartial(ReadOnlySpan<byte> line)
    {
        // {"log":"...16 KiB without \n at the end","stream":"stdout","time":"..."}
        if (line.Length > DockerPart && line.StartsWith("{\"log\":\""u8))
        {
            var stream = line.LastIndexOf("\",\"stream\":\""u8);
            return stream > DockerPart && !line[..stream].EndsWith("\\n"u8);
        }

        // 2026-11-21T07:40:01.123456789Z stdout P ...
        var space = line.IndexOf((byte)' ');
        if (space is < 20 or > 35 || line[4] != '-' || line[10] != 'T')
        {
            return false;
        }

        var rest = line[(space + 1)..];
        return rest.StartsWith("stdout P "u8) || rest.StartsWith("stderr P "u8);
    }
}
