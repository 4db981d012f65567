using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>What stands in a kubeconfig's user or in a pod: a token, a file with one, a client certificate, or user and password.</summary>
internal sealed class UserCredentials(TimeProvider time) : IClusterCredentials
{
    // As client-go: the kubelet renews a pod's token after 80% of its hour, so a minute is early enough.
    private static readonly TimeSpan FileAge = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private string? _token;
    private long _tokenRead;
    private X509Certificate2? _certificate;
    private (DateTime Certificate, DateTime Key) _version;

    public string? Token { get; init; }

    /// <summary>Read again each minute, and when the server refuses its content. Goes before <see cref="Token"/>.</summary>
    public string? TokenFile { get; init; }

    /// <summary>User and password, for proxies in front of an API server; the server itself takes none since 1.19.</summary>
    public (string User, string Password)? Basic { get; init; }

    public (PemSource Certificate, PemSource Key)? Certificate { get; init; }

    public ValueTask<Credential> GetAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(new Credential(Authorization(), Pair()));
        }
    }

    public bool Refuse(Credential credential)
    {
        lock (_gate)
        {
            var before = _token;
            _token = null;
            return TokenFile is not null && before is not null && Authorization() != credential.Authorization;
        }
    }

    public void Dispose() => _certificate?.Dispose();

    private string? Authorization()
    {
        if (TokenFile is null)
        {
            return Token is not null ? "Bearer " + Token
                : Basic is { } basic ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{basic.User}:{basic.Password}")) : null;
        }

        if (_token is null || time.GetElapsedTime(_tokenRead) >= FileAge)
        {
            _token = ReadToken(_token);
            _tokenRead = time.GetTimestamp();
        }

        return "Bearer " + _token;
    }

    /// <param name="before">Kept where the file is away for a moment, as while the kubelet replaces it.</param>
    private string ReadToken(string? before)
    {
        try
        {
            var token = File.ReadAllText(TokenFile!).Trim();
            if (token.Length == 0 || token.Any(static c => c is < '!' or > '~'))
            {
                return before ?? throw new KubernetesException(KubernetesFault.Configuration, $"{TokenFile}: holds no token.");
            }

            return token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return before ?? throw new KubernetesException(KubernetesFault.Configuration, $"{TokenFile}: the token can't be read: {e.Message}", e);
        }
    }

    private X509Certificate2? Pair()
    {
        if (Certificate is not var (certificate, key))
        {
            return null;
        }

        var version = (certificate.Version(), key.Version());
        if (_certificate is null || version != _version)
        {
            _certificate = ReadPair(certificate, key);
            _version = version;
        }

        return _certificate;
    }

    /// <exception cref="KubernetesException">No PEM, or the key is not the certificate's.</exception>
    public static X509Certificate2 ReadPair(PemSource certificate, PemSource key)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate.Read(), key.Read());
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new KubernetesException(KubernetesFault.Configuration, $"{certificate.Name} with {key.Name} is no client certificate: {e.Message}", e);
        }
    }
}
