using DevOpsAgent.Exec.Native;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Exec.Acl;

/// <summary>The working directory of all commands, held open: whatever takes its name later, commands run in this one.</summary>
internal sealed class PinnedDirectory : IDisposable
{
    private readonly SafeFileHandle _handle;

    private PinnedDirectory(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    public string Path { get; }

    public int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>The error follows the path, as "is not a directory".</summary>
    public static bool TryOpen(string path, out PinnedDirectory? directory, out string error)
    {
        directory = null;
        if (!path.StartsWith('/'))
        {
            error = "must be an absolute path";
            return false;
        }

        var descriptor = Libc.open(path, Libc.OpenPath | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            error = $"can't be opened: {Libc.LastError()}";
            return false;
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (!FileIdentity.TryOf(descriptor, out var identity, out error) || !identity.IsDirectory)
        {
            handle.Dispose();
            error = "is not a directory";
            return false;
        }

        directory = new(path, handle);
        return true;
    }

    public void Dispose() => _handle.Dispose();
}
