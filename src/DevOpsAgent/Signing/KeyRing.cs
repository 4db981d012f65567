using System.Security.Cryptography;
using System.Text;

namespace DevOpsAgent.Signing;

/// <summary>
/// The keys of this installation, in a directory of mode 0700: signing.pem (0600) holds the current private key, public.json every
/// public key since the first, each endorsed by its predecessor. Safe to use from several threads; several processes may open one
/// directory.
/// </summary>
internal sealed class KeyRing : IDisposable
{
    public const string PrivateName = "signing.pem";
    public const string PublicName = "public.json";

    private readonly Lock _changing = new();
    private readonly List<SigningKey> _retired = [];
    private readonly TimeProvider _time;
    private volatile PublicKeys _public;
    private volatile PrivateKeys _private;
    private (DateTime Written, long Length) _stamp;

    private KeyRing(string? directory, TimeProvider time, PrivateKeys secret, PublicKeys known)
    {
        (Directory, _time, _private, _public) = (directory, time, secret, known);
        _stamp = Stamp();
    }

    /// <summary>Null: the keys live in memory only.</summary>
    public string? Directory { get; }

    public SigningKey Current => _private.Signing;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<PublicKeyRecord> Known => _public.Records;

    /// <summary>Opens the ring, or makes directory and first key. Throws <see cref="KeyException"/>.</summary>
    public static KeyRing Open(string directory, TimeProvider time) => Guarded(directory, () =>
    {
        directory = Path.GetFullPath(directory);
        PrivateFile.CreateDirectory(directory);
        CheckDirectory(directory);
        var path = Path.Combine(directory, PrivateName);
        if (!File.Exists(path))
        {
            if (File.Exists(Path.Combine(directory, PublicName)))
            {
                throw new KeyException($"The private key {path} is missing, but {PublicName} beside it names its public half: restore it from a backup, "
                    + "or move the directory away to begin with a new key (what the old one signed then counts as signed by a stranger).");
            }

            // Of two processes that start at once one wins here; both then read what it wrote.
            PrivateFile.TryCreate(path, PrivateKeys.Create().ToPem());
        }

        var (secret, known) = Load(directory, time);
        return new KeyRing(directory, time, secret, known);
    });

    /// <summary>As <see cref="Open"/>, but makes nothing: null where there is no key yet.</summary>
    public static KeyRing? OpenExisting(string directory, TimeProvider time) => Guarded(directory, () =>
    {
        directory = Path.GetFullPath(directory);
        if (!File.Exists(Path.Combine(directory, PrivateName)) && !File.Exists(Path.Combine(directory, PublicName)))
        {
            return null;
        }

        return Open(directory, time);
    });

    /// <summary>A ring that leaves nothing behind: for the demo and for tests.</summary>
    public static KeyRing InMemory(TimeProvider time)
    {
        var secret = PrivateKeys.Create();
        return new(null, time, secret, PublicKeys.First(secret.Signing, time.GetUtcNow()));
    }

    public bool TryFindPublic(string id, out byte[] spki)
    {
        if (_public.TryFind(id, out spki))
        {
            return true;
        }

        // Another process may have rotated meanwhile.
        Refresh();
        return _public.TryFind(id, out spki);
    }

    /// <summary>HMAC-SHA256 under a key that only this ring has: for what must not be guessed or made by whoever holds just the database.</summary>
    public byte[] Mac(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_private.Mac, data);

    /// <summary>The same, to be used again and again by one thread at a time: half the cost. The key stays the same through rotations.</summary>
    public HMACSHA256 CreateMac() => new(_private.Mac);

    /// <summary>
    /// Makes a new current key, endorsed by the one before, whose private half is deleted. Killed in the middle, the old key stays
    /// current. Throws <see cref="KeyException"/>: nothing has changed then.
    /// </summary>
    public void Rotate()
    {
        lock (_changing)
        {
            var next = new PrivateKeys(SigningKey.Create(), _private.Mac);
            var known = _public.With(next.Signing, Current, _time.GetUtcNow());
            if (Directory is { } directory)
            {
                Guarded<object?>(directory, () =>
                {
                    using var alone = Alone(directory);
                    if (Stamp() != _stamp)
                    {
                        throw new KeyException($"Another process changed the keys in {directory} just now: try again.");
                    }

                    PrivateFile.Replace(Path.Combine(directory, PublicName), known.ToJson());
                    PrivateFile.Replace(Path.Combine(directory, PrivateName), next.ToPem());
                    _stamp = Stamp();
                    return null;
                });
            }

            // A signer may be using it at this moment: it goes with the ring.
            _retired.Add(Current);
            _public = known;
            _private = next;
        }
    }

    /// <summary>Reads the directory again if another process rotated; costs one stat if not. Throws <see cref="KeyException"/>.</summary>
    public void Refresh()
    {
        if (Directory is not { } directory || Stamp() == _stamp)
        {
            return;
        }

        lock (_changing)
        {
            var stamp = Stamp();
            var (secret, known) = Guarded(directory, () => Load(directory, _time));

            // A signer may be using the old one at this moment: it goes with the ring.
            _retired.Add(Current);
            (_public, _private, _stamp) = (known, secret, stamp);
        }
    }

    public void Dispose()
    {
        lock (_changing)
        {
            Current.Dispose();
            _retired.ForEach(static k => k.Dispose());
        }
    }

    private static (PrivateKeys Private, PublicKeys Public) Load(string directory, TimeProvider time)
    {
        var path = Path.Combine(directory, PrivateName);
        if (!PrivateFile.IsPrivate(path))
        {
            throw new KeyException($"The private key {path} may be read by other users, so what it signs proves nothing: chmod 600 {path}. "
                + "If somebody else could have read it, move the directory away to begin with a new key.");
        }

        if (!PrivateKeys.TryParse(File.ReadAllText(path, Encoding.ASCII), out var secret))
        {
            throw new KeyException($"The private key {path} is damaged (not a PEM file with an ECDSA P-256 key and a MAC key as this program writes it): "
                + "restore it from a backup, or move the directory away to begin with a new key.");
        }

        return (secret, LoadPublic(directory, secret.Signing, time));
    }

    private static PublicKeys LoadPublic(string directory, SigningKey current, TimeProvider time)
    {
        var path = Path.Combine(directory, PublicName);
        if (!File.Exists(path))
        {
            // First start, or killed within it.
            var first = PublicKeys.First(current, time.GetUtcNow());
            PrivateFile.TryCreate(path, first.ToJson());
        }

        if (!PublicKeys.TryParse(File.ReadAllBytes(path), out var known, out var problem))
        {
            throw new KeyException($"The public keys {path} are damaged or were changed ({problem}): restore the file from a backup.");
        }

        return known.TryFind(current.Id, out _)
            ? known
            : throw new KeyException($"The public keys {path} don't hold the current key {current.Id} of {PrivateName}: restore both files from the same backup.");
    }

    private static void CheckDirectory(string directory)
    {
        const UnixFileMode writable = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(directory) & writable) != UnixFileMode.None)
        {
            throw new KeyException($"The directory of the keys {directory} may be written by other users, who could replace the key: chmod 700 {directory}.");
        }
    }

    private static FileStream Alone(string directory)
    {
        var path = Path.Combine(directory, "rotation.lock");
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new KeyException($"Another process rotates the keys in {directory} just now: try again.", fault);
        }
    }

    private (DateTime Written, long Length) Stamp()
    {
        if (Directory is null)
        {
            return default;
        }

        var file = new FileInfo(Path.Combine(Directory, PrivateName));
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    private static T Guarded<T>(string directory, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new KeyException($"The keys in {directory} can't be read or written ({fault.Message}): set guards.keys to a directory that this user alone may write.", fault);
        }
    }
}
