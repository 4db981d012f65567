using DevOpsAgent.Configuration;
using DevOpsAgent.Files;

namespace DevOpsAgent.Audit;

/// <summary>Which closed segments are let go: beyond the number, the age or the size that are kept, oldest first.</summary>
/// <param name="Through">seq of the last line that goes.</param>
/// <param name="Reason">count, age or size.</param>
internal sealed record RetentionPlan(IReadOnlyList<string> Paths, long Through, string Reason);

internal static class Retention
{
    /// <param name="current">seq of the first line of the segment that is written, which always stays.</param>
    /// <returns>Null: all may stay.</returns>
    public static RetentionPlan? Plan(IReadOnlyList<(long First, string Path)> closed, AuditConfig config, long current, long nowUnixMs)
    {
        var sizes = closed.Select(static s => new FileInfo(s.Path)).Select(static f => (f.Length, At: new DateTimeOffset(f.LastWriteTimeUtc).ToUnixTimeMilliseconds())).ToList();
        var size = sizes.Sum(static s => s.Length);
        var oldest = nowUnixMs - (long)config.KeepFor.TotalMilliseconds;
        var go = 0;
        var reason = "";
        for (; go < closed.Count; go++)
        {
            if (closed.Count - go > config.KeepSegments)
            {
                reason = "count";
            }
            else if (size > config.KeepSize)
            {
                reason = "size";
            }
            else if (sizes[go].At < oldest)
            {
                reason = "age";
            }
            else
            {
                break;
            }

            size -= sizes[go].Length;
        }

        return go == 0 ? null : new([.. closed.Take(go).Select(static s => s.Path)], (go < closed.Count ? closed[go].First : current) - 1, reason);
    }

    /// <summary>Oldest first, and no further than the first that can't be deleted: what is left has no holes. The rest goes next time.</summary>
    public static void Remove(RetentionPlan plan, string directory)
    {
        try
        {
            foreach (var path in plan.Paths)
            {
                File.Delete(path);
            }

            DirectoryEntries.Sync(directory);
        }
        catch (Exception e) when (AuditFaults.IsIo(e))
        {
            // Too much is kept, which the next rotation tries again: no reason not to record.
        }
    }
}
