using System.Security.Cryptography;
using DevOpsAgent.Exec.Native;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Exec.Acl;

/// <summary>
/// The file that argv[0] meant when the ACL was loaded, held open so that its inode can't be given to another file. A binary is
/// executed through that descriptor: what runs is this inode, with no moment in which another file could take its place. A
/// script is executed by its path, because its interpreter opens it by name; between the last check and that opening lies a
/// moment, and only who may write to the script's directory can use it.
/// </summary>
internal sealed class PinnedFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly FileIdentity _identity;

    private PinnedFile(string path, SafeFileHandle handle, FileIdentity identity, bool isScript)
    {
        Path = path;
        _handle = handle;
        _identity = identity;
        IsScript = isScript;
    }

    /// <summary>Absolute, with links as they were: a program that goes by its own name (busybox) finds it.</summary>
    public string Path { get; }

    /// <summary>Begins with #!.</summary>
    public bool IsScript { get; }

    /// <summary>What is given to exec.</summary>
    public string ExecPath => IsScript ? Path : Descriptor;

    private string Descriptor => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    /// <summary>False: there is no such program, or nobody should rely on it. The error follows the name, as "is not in PATH".</summary>
    /// <param name="searchPath">Folders separated by colons, for a name without a slash.</param>
    /// <param name="sha256">64 hex digits that the content must have; null: any.</param>
    public static bool TryOpen(string name, string searchPath, string? sha256, out PinnedFile? file, out string error)
    {
        file = null;
        if (!TryLocate(name, searchPath, out var path, out var found, out error))
        {
            return false;
        }

        if ((found.Mode & 2) != 0)
        {
            error = $"is {path}, which everybody may change; take that right away (chmod o-w)";
            return false;
        }

        var descriptor = Libc.open(path, Libc.OpenPath | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            error = $"is {path}, which can't be opened: {Libc.LastError()}";
            return false;
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (!FileIdentity.TryOf(descriptor, out var opened, out error) || opened != found)
        {
            handle.Dispose();
            error = $"is {path}, which was changed while it was looked at; try again";
            return false;
        }

        var (isScript, hash) = Read(descriptor, sha256 is not null);
        if (sha256 is not null && !string.Equals(sha256, hash, StringComparison.OrdinalIgnoreCase))
        {
            handle.Dispose();
            error = $"is {path}, whose SHA-256 is {hash ?? "not readable"} and not the one given here";
            return false;
        }

        file = new(path, handle, opened, isScript);
        return true;
    }

    /// <summary>Whether the path still means the pinned file, and that still is what it was. The error is a whole sentence.</summary>
    public bool TryVerify(out string error)
    {
        if (!FileIdentity.TryOf(Path, out var now, out error))
        {
            error = $"{Path} can't be looked at any more: {error}. Restart Exec once it is back.";
        }
        else if (!now.IsSameObject(_identity))
        {
            error = $"{Path} is another file than when the ACL was loaded. If that was meant, restart Exec.";
        }
        else if (now != _identity)
        {
            error = $"{Path} was changed after the ACL was loaded. If that was meant, restart Exec.";
        }

        return error.Length == 0;
    }

    public void Dispose() => _handle.Dispose();

    private static bool TryLocate(string name, string searchPath, out string path, out FileIdentity found, out string error)
    {
        path = name;
        if (name.StartsWith('/'))
        {
            if (!FileIdentity.TryOf(name, out found, out error))
            {
                error = $"can't be found: {error}";
                return false;
            }

            error = found is { IsRegular: true, IsExecutable: true } ? "" : "is not a program (an executable file)";
            return error.Length == 0;
        }

        found = default;
        if (name.Contains('/', StringComparison.Ordinal))
        {
            error = "must be an absolute path or a name without a slash";
            return false;
        }

        foreach (var folder in searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            path = $"{folder}/{name}";
            if (FileIdentity.TryOf(path, out found, out _) && found is { IsRegular: true, IsExecutable: true })
            {
                error = "";
                return true;
            }
        }

        error = $"is not in {searchPath}; write its absolute path";
        return false;
    }

    /// <summary>A program that may be run but not read has no hash, and is no script.</summary>
    private static (bool IsScript, string? Sha256) Read(int descriptor, bool hash)
    {
        try
        {
            using var content = new FileStream($"/proc/self/fd/{descriptor}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> start = stackalloc byte[2];
            var isScript = content.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start.SequenceEqual("#!"u8);
            content.Position = 0;
            return (isScript, hash ? Convert.ToHexStringLower(SHA256.HashData(content)) : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (false, null);
        }
    }
}
