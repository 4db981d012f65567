using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Logs.Sources;

/// <summary>The text of one opened log file, plain or compressed.</summary>
internal abstract class LogContent(FileId id) : IDisposable
{
    public FileId Id { get; } = id;

    /// <summary>True: an archive, which can't grow.</summary>
    public abstract bool Sealed { get; }

    /// <summary>What was wrong with it, where it could be read only in part.</summary>
    public abstract string? Problem { get; }

    /// <summary>Bytes of the text from the offset on; 0 = there are none now. An <see cref="IOException"/> is a fault of the disk.</summary>
    public abstract int Read(Span<byte> into, long offset);

    public abstract bool TryLook(out FileFacts facts);

    public abstract void Dispose();

    /// <summary>Fills the span unless the text is shorter.</summary>
    public int ReadFully(Span<byte> into, long offset)
    {
        var count = 0;
        while (count < into.Length)
        {
            var read = Read(into[count..], offset + count);
            if (read == 0)
            {
                break;
            }

            count += read;
        }

        return count;
    }

    /// <summary>Opens a file for reading whatever others do with it. An archive is known by its first bytes, not by its name.</summary>
    public static bool TryOpen(string path, FileOptions options, [NotNullWhen(true)] out LogContent? content, [NotNullWhen(false)] out string? problem)
    {
        content = null;
        SafeFileHandle? handle = null;
        try
        {
            // Looked at before it is opened: opening a pipe would wait for its other end.
            problem = FileProblem.Of(path, FileIdentity.Look(path, out var facts), facts.Kind);
            if (problem is not null)
            {
                return false;
            }

            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, options);
            if (!FileIdentity.TryLook(handle, out facts))
            {
                problem = FileProblem.Unreadable(path, "its size can't be found out");
                return false;
            }

            Span<byte> magic = stackalloc byte[3];
            content = RandomAccess.Read(handle, magic, 0) == 3 && magic.SequenceEqual(GzipFile.Magic)
                ? new GzipFile(path, handle, facts.Id)
                : new PlainFile(handle, facts.Id);
            handle = null;
            return true;
        }
        catch (Exception e) when (FileProblem.IsExpected(e))
        {
            problem = FileProblem.Of(path, e);
            return false;
        }
        finally
        {
            handle?.Dispose();
        }
    }
}
