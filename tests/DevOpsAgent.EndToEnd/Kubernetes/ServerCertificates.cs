using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>A certificate authority and what it signs, as files: the server's certificate, a client's for each user, and the key for service account tokens.</summary>
internal sealed class ServerCertificates : IDisposable
{
    private readonly string _folder;
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    /// <param name="folder">ca.crt, apiserver.crt and .key, sa.key and .pub are written there.</param>
    public ServerCertificates(string folder)
    {
        _folder = folder;
        var request = new CertificateRequest("CN=devops-agent test authority", _authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(_now.AddDays(-2), _now.AddDays(2));
        File.WriteAllText(Authority, _authority.ExportCertificatePem());

        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.Parse("127.128.0.1")); // the first service address
        Sign("CN=kube-apiserver", "apiserver", "1.3.6.1.5.5.7.3.1", _now.AddDays(1), names.Build());

        ServiceAccounts = RSA.Create(2048);
        File.WriteAllText(Path.Combine(folder, "sa.key"), ServiceAccounts.ExportRSAPrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "sa.pub"), ServiceAccounts.ExportSubjectPublicKeyInfoPem());
    }

    public string Authority => Path.Combine(_folder, "ca.crt");

    /// <summary>Signs service account tokens.</summary>
    public RSA ServiceAccounts { get; }

    /// <summary>A client certificate, valid until then; gives the paths of certificate and key.</summary>
    public (string Certificate, string Key) Client(string name, string subject, DateTimeOffset? until = null) =>
        Sign(subject, name, "1.3.6.1.5.5.7.3.2", until ?? _now.AddDays(1));

    public void Dispose()
    {
        _authority.Dispose();
        _authorityKey.Dispose();
        ServiceAccounts.Dispose();
    }

    private (string Certificate, string Key) Sign(string subject, string name, string usage, DateTimeOffset until, X509Extension? names = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        using var signed = request.Create(_authority, _now.AddDays(-1), until, RandomNumberGenerator.GetBytes(12));
        var (certificate, file) = (Path.Combine(_folder, name + ".crt"), Path.Combine(_folder, name + ".key"));
        File.WriteAllText(certificate, signed.ExportCertificatePem());
        File.WriteAllText(file, key.ExportECPrivateKeyPem());
        return (certificate, file);
    }
}
