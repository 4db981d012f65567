using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Exec.Remote;

/// <summary>The public key of an agent or a machine, ECDSA P-256.</summary>
/// <param name="Id">SHA-256 of <paramref name="PublicKey"/>, 64 hex digits.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo, DER: 91 bytes.</param>
internal sealed record PeerKey(string Id, byte[] PublicKey)
{
    /// <summary>SubjectPublicKeyInfo of an uncompressed P-256 point is always so long.</summary>
    public const int Bytes = 91;

    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>Null unless it is exactly one P-256 key in the one encoding that has one id.</summary>
    public static PeerKey? TryRead(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != Bytes)
        {
            return null;
        }

        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(publicKey, out var read);
            var again = key.ExportSubjectPublicKeyInfo();

            // One key in two encodings would have two ids, and a withdrawn trust would miss one of them.
            return read == Bytes && key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256 && again.AsSpan().SequenceEqual(publicKey)
                ? new(SigningKey.IdOf(publicKey), again)
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Reads "-----BEGIN PUBLIC KEY-----". The reason is a sentence that says what is wrong with the text.</summary>
    public static bool TryReadPem(string text, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? wrong)
    {
        key = null;
        wrong = null;
        if (text.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            wrong = "It is a private key, which must not leave its machine. Give the .pub file beside it.";
            return false;
        }

        if (!PemEncoding.TryFind(text, out var found) || !text.AsSpan()[found.Label].SequenceEqual("PUBLIC KEY"))
        {
            wrong = "It holds no '-----BEGIN PUBLIC KEY-----'. 'devops-agent exec identity show --public' prints one.";
            return false;
        }

        var bytes = new byte[found.DecodedDataLength];
        key = Convert.TryFromBase64Chars(text.AsSpan()[found.Base64Data], bytes, out var length) ? TryRead(bytes.AsSpan(0, length)) : null;
        wrong = key is null ? "It is not an ECDSA P-256 public key." : null;
        return key is not null;
    }

    public static string ToPem(byte[] publicKey) => PemEncoding.WriteString("PUBLIC KEY", publicKey) + "\n";

    public bool Equals(PeerKey? other) => other is not null && Id == other.Id;

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Id);
}
