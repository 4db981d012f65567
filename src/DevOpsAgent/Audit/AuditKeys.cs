using DevOpsAgent.Signing;

namespace DevOpsAgent.Audit;

/// <summary>The keys of a log: the one that signs checkpoints now, the public ones that signed before, and the one that hides secrets.</summary>
/// <param name="Current">Asked for each signature, so that a rotated key is used at once.</param>
/// <param name="TryFindPublic">SubjectPublicKeyInfo by key id; null for a key that isn't known.</param>
/// <param name="Mac">HMAC-SHA-256 under a key that only this installation has, and that stays when the signing key is rotated.</param>
internal sealed record AuditKeys(Func<SigningKey> Current, Func<string, byte[]?> TryFindPublic, Func<byte[], byte[]> Mac)
{
    /// <summary>Below the log's directory, as exec has a user and keys of its own.</summary>
    public const string Folder = "keys";

    public static AuditKeys Of(KeyRing ring) => new(() => ring.Current, id => ring.TryFindPublic(id, out var key) ? key : null, data => ring.Mac(data));

    /// <summary>What is needed to verify: the public keys alone, as an auditor has them. Null: there are none.</summary>
    /// <exception cref="KeyException">They can't be read.</exception>
    public static Func<string, byte[]?>? PublicIn(string directory)
    {
        var path = Path.Combine(directory, KeyRing.PublicName);
        if (!File.Exists(path))
        {
            return null;
        }

        return PublicKeys.TryParse(File.ReadAllBytes(path), out var known, out var problem)
            ? id => known.TryFind(id, out var key) ? key : null
            : throw new KeyException($"The public keys {path} are damaged or were changed ({problem}): restore the file from a backup.");
    }
}
