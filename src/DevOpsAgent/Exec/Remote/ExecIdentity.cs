using System.Security.Cryptography;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// The keys of an agent and of its machine, as files of one directory: agent.key and machine.key (PKCS#8, 0600) and, to
/// hand out, agent.pub and machine.pub. Their ids stand in the ACL of the machine that serves and in its trust file.
/// </summary>
internal static class ExecIdentity
{
    private const int MaxFile = 16 * 1024;

    private const UnixFileMode Public = OwnFile.Mode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static string KeyFile(string directory, PeerKind kind) => Path.Combine(directory, Name(kind) + ".key");

    public static string PublicFile(string directory, PeerKind kind) => Path.Combine(directory, Name(kind) + ".pub");

    public static bool Exists(string directory, PeerKind kind) => File.Exists(KeyFile(directory, kind));

    /// <summary>Makes a key and both of its files; the directory too, for its owner only. Throws <see cref="IdentityException"/>; a key that is there stays.</summary>
    public static PeerKey Create(string directory, PeerKind kind)
    {
        try
        {
            PrivateFile.CreateDirectory(Path.GetFullPath(directory));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"The directory {directory} can't be made: {e.Message}", e);
        }

        using var key = SigningKey.Create();
        OwnFile.Create(KeyFile(directory, kind), key.ToPem() + "\n");
        var peer = new PeerKey(key.Id, key.PublicKey);
        OwnFile.Create(PublicFile(directory, kind), peer.ToPem(kind));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(PublicFile(directory, kind), Public);
        }

        return peer;
    }

    /// <summary>The private key. Throws <see cref="IdentityException"/>.</summary>
    public static SigningKey Load(string directory, PeerKind kind)
    {
        var path = KeyFile(directory, kind);
        if (!File.Exists(path))
        {
            throw new IdentityException($"There is no {Name(kind)} key at {path}. Make one: devops-agent exec identity new --{Name(kind)} --out {directory}");
        }

        var text = OwnFile.Read(path, MaxFile);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
            var loaded = new SigningKey(key);
            if (PeerKey.TryRead(loaded.PublicKey) is not null)
            {
                // Signing once shows that it is a private key and not only a public one.
                loaded.Sign([]);
                return loaded;
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new IdentityException($"{path} is not a private key ({e.Message}). Make a new one: devops-agent exec identity new --{Name(kind)} --out {directory}", e);
        }

        key.Dispose();
        throw new IdentityException($"{path} is not an ECDSA P-256 key. Make a new one: devops-agent exec identity new --{Name(kind)} --out {directory}");
    }

    public static string Name(PeerKind kind) => kind == PeerKind.Agent ? "agent" : "machine";
}
