using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>
/// HTTPS to one API server as one user. HTTP/2 with pings, so that a server that stopped is noticed though the connection stands. No
/// redirects: a token goes to the configured address only.
/// </summary>
internal sealed class Transport(ClusterConnection connection, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private (HttpMessageInvoker Invoker, X509Certificate2? Certificate)? _current;
    private X509Certificate2Collection? _authority;
    private DateTime _authorityVersion;

    /// <summary>Why the server's certificate was refused last; null where none was.</summary>
    public string? TlsFault { get; private set; }

    /// <summary>The server's clock less ours, by its last Date header; a header has whole seconds.</summary>
    public TimeSpan ClockSkew { get; private set; }

    /// <summary>The answer's headers have come; its body is read by the caller.</summary>
    /// <exception cref="HttpRequestException">No answer came.</exception>
    public async Task<HttpResponseMessage> SendAsync(RestCall call, Credential credential, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(call.Method, connection.Server.AbsoluteUri.TrimEnd('/') + call.Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.TryAddWithoutValidation("Accept", call.Accept);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("devops-agent", null));

        // SocketsHttpHandler takes SNI and the name to check from here.
        request.Headers.Host = connection.TlsServerName;
        if (credential.Authorization is { } authorization)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        foreach (var (name, value) in connection.Impersonation)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (call.Body is { } body)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(call.ContentType) } };
        }

        var response = await InvokerFor(credential.Certificate).SendAsync(request, cancellationToken);
        if (response.Headers.Date is { } date)
        {
            ClockSkew = date - time.GetUtcNow();
        }

        return response;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _current?.Invoker.Dispose();
        }
    }

    private HttpMessageInvoker InvokerFor(X509Certificate2? certificate)
    {
        lock (_gate)
        {
            if (_current is { } current && ReferenceEquals(current.Certificate, certificate))
            {
                return current.Invoker;
            }

            // The one before isn't disposed: watches still read from it. Its idle connections close by themselves.
            var made = new HttpMessageInvoker(Handler(certificate));
            _current = (made, certificate);
            return made;
        }
    }

    private SocketsHttpHandler Handler(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            UseProxy = connection.Proxy is not null || !connection.Server.IsLoopback,
        };
        if (connection.Proxy is { } proxy)
        {
            handler.Proxy = new WebProxy(proxy) { Credentials = CredentialOf(proxy) };
        }

        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [certificate];
        }

        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, chain, errors) => connection.Insecure || IsTrusted(shown as X509Certificate2, chain, errors);
        return handler;
    }

    private static NetworkCredential? CredentialOf(Uri proxy)
    {
        var parts = proxy.UserInfo.Split(':', 2);
        return proxy.UserInfo.Length == 0 ? null : new(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
    }

    private bool IsTrusted(X509Certificate2? shown, X509Chain? sent, SslPolicyErrors errors)
    {
        var name = connection.TlsServerName ?? connection.Server.Host;
        TlsFault = shown is null ? "shows no certificate"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"shows a certificate that is not for '{name}' ({Names(shown)}); tls-server-name in the kubeconfig names another one"
            : connection.Authority is null && errors == SslPolicyErrors.None ? null
            : ChainFault(shown, sent);
        return TlsFault is null;
    }

    private string? ChainFault(X509Certificate2 shown, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []); // what the server sent between its own and the authority's
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        if (connection.Authority is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            try
            {
                chain.ChainPolicy.CustomTrustStore.AddRange(Authority(connection.Authority));
            }
            catch (Exception e) when (e is KubernetesException or CryptographicException)
            {
                return $"can't be checked: {connection.Authority.Name}: {e.Message}";
            }
        }

        if (chain.Build(shown))
        {
            return null;
        }

        var flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, s) => all | s.Status);
        return flags.HasFlag(X509ChainStatusFlags.NotTimeValid)
            ? string.Create(CultureInfo.InvariantCulture, $"shows a certificate that is valid from {shown.NotBefore.ToUniversalTime():u} to {shown.NotAfter.ToUniversalTime():u}, and this machine's clock says {time.GetUtcNow():u}; renew it, or set the clock")
            : $"shows a certificate that {(connection.Authority is { } authority ? authority.Name : "no authority that this system trusts")} didn't sign; the cluster may have been made anew, or something stands between";
    }

    private X509Certificate2Collection Authority(PemSource source)
    {
        lock (_gate)
        {
            var version = source.Version();
            if (_authority is null || version != _authorityVersion)
            {
                var read = new X509Certificate2Collection();
                read.ImportFromPem(source.Read());
                _authority = read.Count > 0 ? read : throw new CryptographicException("holds no certificate");
                _authorityVersion = version;
            }

            return _authority;
        }
    }

    private static string Names(X509Certificate2 shown) => shown.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
        ? string.Join(", ", names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(static a => a.ToString())))
        : shown.Subject;
}
