namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>A process as /proc shows it at one moment.</summary>
/// <param name="StartTicks">Since boot; with the pid it names the process for good.</param>
/// <param name="CpuTicks">User and system time, in 1/100 s.</param>
/// <param name="ResidentPages">Of memory.</param>
internal readonly record struct ProcStat(int Pid, int ParentPid, long StartTicks, long CpuTicks, long ResidentPages)
{
    /// <summary>Never throws.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ProcStat stat)
    {
        stat = default;

        // 4711 (a) b) S 1 4711 4711 0 -1 4194304 ...: the name may hold anything, so the last ')' ends it.
        var open = text.IndexOf('(');
        var close = text.LastIndexOf(')');
        if (open < 1 || close < open || !int.TryParse(text[..open].Trim(), out var pid))
        {
            return false;
        }

        Span<Range> fields = stackalloc Range[24];
        var rest = text[(close + 1)..].Trim();
        if (rest.Split(fields, ' ') < 23
            || !int.TryParse(rest[fields[1]], out var parent)
            || !long.TryParse(rest[fields[11]], out var user)
            || !long.TryParse(rest[fields[12]], out var system)
            || !long.TryParse(rest[fields[19]], out var start)
            || !long.TryParse(rest[fields[21]], out var pages))
        {
            return false;
        }

        stat = new(pid, parent, start, user + system, pages);
        return true;
    }
}

/// <param name="Uid">Effective; -1: unknown.</param>
/// <param name="TracerPid">0: nobody traces it.</param>
internal readonly record struct ProcStatus(int Uid, int TracerPid)
{
    /// <summary>Never throws; what is missing is unknown.</summary>
    public static ProcStatus Parse(string text)
    {
        int uid = -1, tracer = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            // Uid:	1000	1000	1000	1000
            if (line.StartsWith("Uid:", StringComparison.Ordinal))
            {
                var effective = line[4..].TrimStart();
                effective = effective[Math.Min(effective.Length, effective.IndexOf('\t') + 1)..];
                var end = effective.IndexOf('\t');
                uid = int.TryParse(end < 0 ? effective : effective[..end], out var parsed) ? parsed : -1;
            }
            else if (line.StartsWith("TracerPid:", StringComparison.Ordinal))
            {
                _ = int.TryParse(line[10..].Trim(), out tracer);
            }
        }

        return new(uid, tracer);
    }
}
