using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>One request to one node over HTTP: gzip both ways, no redirects (credentials go to the configured hosts only), the answer bounded.</summary>
internal sealed class ElasticTransport : IDisposable
{
    /// <summary>Shorter bodies gain nothing from being packed.</summary>
    private const int PackFrom = 1024;

    private readonly HttpMessageInvoker _http;
    private readonly ElasticOptions _options;
    private long _bytesRead;

    public ElasticTransport(ElasticOptions options)
    {
        _options = options;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        };
        if (options.CaFile is { } file)
        {
            var authorities = Authorities(file);
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, chain, errors) => IsTrusted(authorities, shown as X509Certificate2, chain, errors);
        }

        _http = new(handler);
    }

    /// <summary>Bytes of answers as they came over the wire, since the start.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <param name="type">Content type of the body and of the answer.</param>
    /// <exception cref="HttpRequestException">No answer.</exception>
    /// <exception cref="ElasticException">The answer is too long, or packed wrongly.</exception>
    public async Task<ElasticAnswer> SendAsync(Uri node, HttpMethod method, string path, ReadOnlyMemory<byte> body, string type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(node, path.TrimStart('/')));
        request.Headers.TryAddWithoutValidation("Accept", type);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        request.Headers.TryAddWithoutValidation("User-Agent", "devops-agent");
        request.Headers.Authorization = _options.Authorization;
        if (!body.IsEmpty)
        {
            request.Content = body.Length >= PackFrom ? Packed(body) : new ReadOnlyMemoryContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        var bytes = await ReadAsync(response, cancellationToken);
        var after = response.Headers.RetryAfter;
        return new((int)response.StatusCode, bytes, after?.Delta, response.Headers.TryGetValues("X-elastic-product", out var product) ? product.FirstOrDefault() : null);
    }

    public void Dispose() => _http.Dispose();

    private static ByteArrayContent Packed(ReadOnlyMemory<byte> body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(body.Span);
        }

        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var raw = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var counted = new CountedStream(raw, count => Interlocked.Add(ref _bytesRead, count));
        var packed = response.Content.Headers.ContentEncoding.Contains("gzip", StringComparer.OrdinalIgnoreCase);
        await using var plain = packed ? new GZipStream(counted, CompressionMode.Decompress) : (Stream)counted;
        using var body = new MemoryStream();
        var buffer = new byte[32 << 10];
        try
        {
            while (await plain.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                // Counted unpacked: a small answer may unpack to gigabytes.
                if (body.Length + count > _options.MaxAnswer)
                {
                    throw new ElasticException(ElasticFault.Garbage, $"The answer is longer than {_options.MaxAnswer >> 20} MiB and was not read to its end.") { Status = (int)response.StatusCode };
                }

                body.Write(buffer, 0, count);
            }
        }
        catch (InvalidDataException e)
        {
            throw new ElasticException(ElasticFault.Garbage, "The answer says that it is gzip, and it is not.", e) { Status = (int)response.StatusCode };
        }

        return body.ToArray();
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        try
        {
            var read = new X509Certificate2Collection();
            read.ImportFromPemFile(file);
            return read.Count > 0 ? read : throw new ElasticException(ElasticFault.Configuration, $"elasticsearch.ca_file: {file} holds no certificate in PEM form.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ElasticException(ElasticFault.Configuration, $"elasticsearch.ca_file: {file} can't be read: {e.Message}", e);
        }
    }

    private static bool IsTrusted(X509Certificate2Collection authorities, X509Certificate2? shown, X509Chain? sent, SslPolicyErrors errors)
    {
        if (shown is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        return chain.Build(shown);
    }
}

/// <param name="Product">The X-elastic-product header; null on OpenSearch and before 7.14.</param>
internal sealed record ElasticAnswer(int Status, byte[] Body, TimeSpan? RetryAfter, string? Product);
