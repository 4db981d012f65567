using DevOpsAgent.Signing;

namespace DevOpsAgent.Audit;

/// <summary>The keys of checkpoints: the one that signs now, and the public ones that signed before.</summary>
/// <param name="Current">Asked for each signature, so that a rotated key is used at once.</param>
/// <param name="TryFindPublic">SubjectPublicKeyInfo by key id; null for a key that isn't known.</param>
internal sealed record AuditKeys(Func<SigningKey> Current, Func<string, byte[]?> TryFindPublic)
{
    public static AuditKeys Of(SigningKey key) => new(() => key, id => id == key.Id ? key.PublicKey : null);
}
