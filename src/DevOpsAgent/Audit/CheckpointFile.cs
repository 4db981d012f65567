namespace DevOpsAgent.Audit;

/// <summary>The closing checkpoints of all segments, word for word as they stand in them; they stay when segments are removed. About 600 bytes for each.</summary>
internal static class CheckpointFile
{
    /// <summary>The lines whose own hash is right, up to the first that isn't whole or right.</summary>
    /// <param name="bytes">How much of the file they are; what is left without a line feed was torn by a crash.</param>
    /// <param name="problem">Following the file's name: "line 7 was changed: ...".</param>
    public static List<(AuditLine Line, byte[] Text)> Read(string directory, out long bytes, out string? problem)
    {
        bytes = 0;
        problem = null;
        var found = new List<(AuditLine, byte[])>();
        var path = Path.Combine(directory, SegmentName.Checkpoints);
        if (!File.Exists(path))
        {
            return found;
        }

        using var reader = new LineReader(path);
        while (reader.TryRead(out var text))
        {
            if (!AuditLine.TryRead(text, out var line, out var wrong))
            {
                problem = $"line {reader.Number} {wrong}";
                return found;
            }

            found.Add((line, text.ToArray()));
            bytes = reader.Offset;
        }

        return found;
    }
}
