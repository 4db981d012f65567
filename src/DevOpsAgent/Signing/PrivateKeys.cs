using System.Security.Cryptography;
using System.Text;

namespace DevOpsAgent.Signing;

/// <summary>
/// The secret half of the ring, one PEM file of two blocks: the signing key (PKCS#8) and 32 random bytes for MACs. The MAC key
/// stays through rotations.
/// </summary>
internal sealed record PrivateKeys(SigningKey Signing, byte[] Mac)
{
    public const int MacBytes = 32;

    private const string SigningLabel = "PRIVATE KEY";
    private const string MacLabel = "DEVOPS-AGENT MAC KEY";

    public static PrivateKeys Create() => new(SigningKey.Create(), RandomNumberGenerator.GetBytes(MacBytes));

    public byte[] ToPem() => Encoding.ASCII.GetBytes($"{Signing.ToPem()}\n{PemEncoding.WriteString(MacLabel, Mac)}\n");

    /// <summary>False: damaged, or not an ECDSA P-256 key.</summary>
    public static bool TryParse(string pem, out PrivateKeys keys)
    {
        keys = null!;
        try
        {
            var (signing, mac) = (Block(pem, SigningLabel), Block(pem, MacLabel));
            if (signing is null || mac is not { Length: MacBytes })
            {
                return false;
            }

            var key = ECDsa.Create();
            try
            {
                key.ImportPkcs8PrivateKey(signing, out _);
                if (key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
                {
                    key.Dispose();
                    return false;
                }
            }
            catch
            {
                key.Dispose();
                throw;
            }

            keys = new(new(key), mac);
            return true;
        }
        catch (Exception fault) when (fault is CryptographicException or FormatException or ArgumentException)
        {
            return false;
        }
    }

    private static byte[]? Block(ReadOnlySpan<char> pem, string label)
    {
        while (PemEncoding.TryFind(pem, out var fields))
        {
            if (pem[fields.Label].SequenceEqual(label))
            {
                return Convert.FromBase64String(pem[fields.Base64Data].ToString());
            }

            pem = pem[fields.Location.End..];
        }

        return null;
    }
}
