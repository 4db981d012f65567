using System.Globalization;
using System.Text;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Audit;

/// <summary>
/// How far the log had come at least, signed, in a file of its own: lines cut off its end are missed. Written at most once a
/// second, behind the lines, never before they are on disk.
/// <code>{"v":1,"seq":5211,"hash":"9a..","ts_unix_ms":1763715605123,"key":"5b..","signature":"mZ..=="}</code>
/// </summary>
internal static class HeadFile
{
    // A head is 300 bytes; whatever else lies there is not read whole.
    private const int MaxBytes = 4096;

    public static void Write(string directory, ChainEnd end, long tsUnixMs, SigningKey key)
    {
        var signed = string.Create(CultureInfo.InvariantCulture, $"{{\"v\":1,\"seq\":{end.Seq},\"hash\":\"{end.Hash}\",\"ts_unix_ms\":{tsUnixMs},\"key\":\"{key.Id}\"");
        var signature = Convert.ToBase64String(key.Sign(Encoding.ASCII.GetBytes(signed)));
        DurableFile.Replace(Path.Combine(directory, SegmentName.Head), Encoding.ASCII.GetBytes($"{signed}{Encoding.ASCII.GetString(LineForm.SignatureKey)}{signature}\"}}\n"));
    }

    /// <summary>Null with no problem: there is none.</summary>
    /// <param name="problem">Following the file's name: "is not a head of this log".</param>
    public static ChainEnd? Read(string directory, Func<string, byte[]?> findPublic, out string? problem)
    {
        problem = null;
        byte[] text;
        try
        {
            using var file = new FileStream(Path.Combine(directory, SegmentName.Head), new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
            text = new byte[MaxBytes];
            text = text[..file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        if (text is not [.., (byte)'\n'])
        {
            problem = "is not a head of this log";
            return null;
        }

        var line = text.AsSpan()[..^1];
        if (!SignedLine.TryRead(line, findPublic, out var signed, out var what))
        {
            problem = what.Replace("line of this log", "head of this log", StringComparison.Ordinal);
            return null;
        }

        if (signed.Seq < 0 || signed.Hash is not { Length: LineForm.HashDigits } hash)
        {
            problem = "is not a head of this log";
            return null;
        }

        return new(signed.Seq, hash);
    }
}
