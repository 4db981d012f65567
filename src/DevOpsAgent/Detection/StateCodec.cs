namespace DevOpsAgent.Detection;

/// <summary>
/// Envelope of stored detector state: a version, the hash of the rules that counted (windows mean nothing under other
/// rules), the content, and a checksum.
/// </summary>
internal static class StateCodec
{
    /// <summary>Raise with every change of what the Write methods write.</summary>
    public const byte Version = 1;

    private const int Overhead = 1 + 8 + 8;

    public static byte[] Write(RuleSet rules, Action<BinaryWriter> content)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Version);
        writer.Write(rules.Hash);
        content(writer);
        writer.Flush();
        writer.Write(Hash64.Of(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>False: another version or rule set, or damaged. Never throws.</summary>
    public static bool TryRead<T>(RuleSet rules, byte[] blob, Func<BinaryReader, T> content, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? value)
        where T : notnull
    {
        value = default;
        if (blob is null || blob.Length < Overhead || blob[0] != Version
            || BitConverter.ToUInt64(blob, 1) != rules.Hash
            || BitConverter.ToUInt64(blob, blob.Length - 8) != Hash64.Of(blob.AsSpan(0, blob.Length - 8)))
        {
            return false;
        }

        try
        {
            using var reader = new BinaryReader(new MemoryStream(blob, 9, blob.Length - Overhead));
            value = content(reader);
            return true;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException or IndexOutOfRangeException)
        {
            return false;
        }
    }
}
