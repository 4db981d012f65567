using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DevOpsAgent.Logs.Elasticsearch;
using Microsoft.AspNetCore.Hosting;

namespace DevOpsAgent.Tests.Logs.Elasticsearch;

/// <summary>TLS with a certificate of one's own authority, as Elasticsearch 8 makes at its first start.</summary>
public sealed class ElasticTlsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("es-tls-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("own", true)]
    [InlineData("other", false)]
    [InlineData("system", false)]
    public async Task Only_the_named_authority_is_trusted(string authority, bool works)
    {
        var (own, certificate) = Certificates("127.0.0.1");
        var (other, _) = Certificates("127.0.0.1");
        await using var server = await ScriptedElastic.StartAsync(listen: l => l.UseHttps(certificate));
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address) with { Tries = 1, CaFile = authority == "own" ? own : authority == "other" ? other : null }, TimeProvider.System);
        if (works)
        {
            (await client.ProductAsync(TestContext.Current.CancellationToken)).Major.ShouldBe(8);
            return;
        }

        (await Should.ThrowAsync<ElasticException>(() => client.ProductAsync(TestContext.Current.CancellationToken))).Message.ShouldContain("ca_file");
        server.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused()
    {
        var (own, certificate) = Certificates("192.0.2.1");
        await using var server = await ScriptedElastic.StartAsync(listen: l => l.UseHttps(certificate));
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address) with { Tries = 1, CaFile = own }, TimeProvider.System);
        await Should.ThrowAsync<ElasticException>(() => client.ProductAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_file_without_a_certificate_is_said_at_once()
    {
        var empty = Path.Combine(_folder.FullName, "empty.pem");
        File.WriteAllText(empty, "nothing");
        var options = ScriptedElastic.Options(new Uri("https://127.0.0.1:1"));
        Should.Throw<ElasticException>(() => new ElasticClient(options with { CaFile = empty }, TimeProvider.System)).Message.ShouldContain("no certificate");
        Should.Throw<ElasticException>(() => new ElasticClient(options with { CaFile = empty + ".gone" }, TimeProvider.System)).Message.ShouldContain("can't be read");
    }

    private (string CaFile, X509Certificate2 Server) Certificates(string address)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=test authority " + Guid.NewGuid(), caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var ca = caRequest.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=es", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(ca, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        using var withKey = signed.CopyWithPrivateKey(key);
        var file = Path.Combine(_folder.FullName, Guid.NewGuid() + ".pem");
        File.WriteAllText(file, ca.ExportCertificatePem());
        return (file, X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null));
    }
}
