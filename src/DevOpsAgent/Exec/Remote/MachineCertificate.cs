using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// A machine's key in the form that TLS wants: a certificate that it signs itself. Only the key counts: names, issuer and times in
/// it prove nothing and are not looked at, so there is nothing to renew and no authority to trust.
/// </summary>
internal static class MachineCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // Wide enough that no clock in the world finds it expired: trust ends by the trust file, not by a date.
    private static readonly DateTimeOffset From = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static X509Certificate2 Create(SigningKey machine)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(machine.ToPem());
        var request = new CertificateRequest($"CN=devops-agent machine {machine.Id[..16]}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(ServerAuthentication), new(ClientAuthentication)], critical: false));
        return request.CreateSelfSigned(From, Until);
    }

    /// <summary>The machine at the other end of a connection, whose possession of the key TLS proved. Null: no P-256 key.</summary>
    public static PeerKey? MachineOf(X509Certificate2? certificate)
    {
        try
        {
            return certificate is null ? null : PeerKey.TryRead(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
