using System.Security.Cryptography;

namespace DevOpsAgent.Signing;

/// <summary>
/// An ECDSA P-256 key pair that signs what must be provable later: receipts, checkpoints, request frames. Signatures are
/// the 64 bytes r||s (IEEE P1363) over SHA-256; the key's id is the lower-case hex SHA-256 of its SubjectPublicKeyInfo.
/// </summary>
internal sealed class SigningKey : IDisposable
{
    public const int SignatureBytes = 64;

    private readonly ECDsa _key;

    public SigningKey(ECDsa key)
    {
        _key = key;
        PublicKey = key.ExportSubjectPublicKeyInfo();
        Id = IdOf(PublicKey);
    }

    /// <summary>64 hex digits.</summary>
    public string Id { get; }

    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    public byte[] PublicKey { get; }

    public static SigningKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public byte[] Sign(ReadOnlySpan<byte> data) => _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public string ToPem() => _key.ExportPkcs8PrivateKeyPem();

    public static string IdOf(ReadOnlySpan<byte> publicKey) => Convert.ToHexStringLower(SHA256.HashData(publicKey));

    /// <summary>False also for a key that is none, or of another curve: what was signed by it proves nothing.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(publicKey, out var read);
            return read == publicKey.Length && key.KeySize == 256 && signature.Length == SignatureBytes
                && key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public void Dispose() => _key.Dispose();
}
