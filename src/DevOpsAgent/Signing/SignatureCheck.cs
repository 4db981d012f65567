using System.Security.Cryptography;

namespace DevOpsAgent.Signing;

/// <summary>Verifies many signatures of few keys: importing a key costs as much as using it. Not thread safe.</summary>
internal sealed class SignatureCheck(KeyRing keys) : IDisposable
{
    private readonly Dictionary<string, ECDsa?> _imported = new(StringComparer.Ordinal);

    /// <summary>False also for a key that the ring doesn't know.</summary>
    public bool Verify(string keyId, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (!_imported.TryGetValue(keyId, out var key))
        {
            // Every known key is one of ours and was imported before: this can't fail.
            if (keys.TryFindPublic(keyId, out var spki))
            {
                key = ECDsa.Create();
                key.ImportSubjectPublicKeyInfo(spki, out _);
            }

            _imported.Add(keyId, key);
        }

        return key is not null && signature.Length == SigningKey.SignatureBytes
            && key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public void Dispose()
    {
        foreach (var key in _imported.Values)
        {
            key?.Dispose();
        }
    }
}
