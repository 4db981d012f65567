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

    // SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { uncompressed point } }: no other curve, no second encoding
    // of one key. With two it would have two ids, and a withdrawn trust would miss one of them.
    private static ReadOnlySpan<byte> Prefix => [0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04];

    /// <summary>Null unless it is exactly one P-256 key.</summary>
    public static PeerKey? TryRead(ReadOnlySpan<byte> publicKey)
    {
        if (publicKey.Length != Bytes || !publicKey.StartsWith(Prefix))
        {
            return null;
        }

        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(publicKey, out _);
            return new(SigningKey.IdOf(publicKey), publicKey.ToArray());
        }
        catch (CryptographicException)
        {
            return null; // the point is not on the curve
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
            wrong = "It holds no '-----BEGIN PUBLIC KEY-----'. 'devops-agent exec identity new' writes one as agent.pub or machine.pub.";
            return false;
        }

        var bytes = new byte[found.DecodedDataLength];
        key = Convert.TryFromBase64Chars(text.AsSpan()[found.Base64Data], bytes, out var length) ? TryRead(bytes.AsSpan(0, length)) : null;
        wrong = key is null ? "It is not an ECDSA P-256 public key." : null;
        return key is not null;
    }

    /// <summary>With a line above that says whose kind of key it is, which PEM permits.</summary>
    public string ToPem(PeerKind kind) => $"devops-agent {ExecIdentity.Name(kind)} {Id}\n{PemEncoding.WriteString("PUBLIC KEY", PublicKey)}\n";

    /// <summary>What the line above the key says. Whoever trusts the key decides; this only saves an option.</summary>
    public static PeerKind? KindIn(string pem) =>
        pem.StartsWith("devops-agent agent ", StringComparison.Ordinal) ? PeerKind.Agent
        : pem.StartsWith("devops-agent machine ", StringComparison.Ordinal) ? PeerKind.Machine
        : null;

    public bool Equals(PeerKey? other) => other is not null && Id == other.Id;

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Id);
}
