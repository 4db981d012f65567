using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>
/// Asks Elasticsearch or OpenSearch: the next living node, again where another try may help, with a breaker around it all.
/// Only requests that read are sent, so each may be sent twice. What isn't an answer is an <see cref="ElasticException"/>.
/// </summary>
internal sealed class ElasticClient : IDisposable
{
    private readonly ElasticOptions _options;
    private readonly ElasticTransport _transport;
    private readonly ElasticBreaker _breaker;
    private readonly TimeProvider _time;
    private ElasticProduct? _product;

    /// <exception cref="ElasticException">The CA file can't be read.</exception>
    public ElasticClient(ElasticOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _transport = new(options);
        _breaker = new(options.BreakAfter, options.BreakFor, time);
        Nodes = new(options.Nodes, options.DeadFor, time);
    }

    public ElasticNodes Nodes { get; }

    /// <summary>Bytes of answers as they came over the wire.</summary>
    public long BytesRead => _transport.BytesRead;

    public string Description => string.Join(", ", _options.Nodes.Select(static n => n.GetLeftPart(UriPartial.Authority)));

    /// <summary>Which product and version answers. Asked once; a user who may not ask gets what can be told without.</summary>
    /// <exception cref="ElasticException">Nothing answers, or not Elasticsearch.</exception>
    public async Task<ElasticProduct> ProductAsync(CancellationToken cancellationToken)
    {
        if (_product is { } known)
        {
            return known;
        }

        try
        {
            var (answer, json) = await AskAsync(HttpMethod.Get, "/", default, plain: true, cancellationToken);
            return _product = ElasticProduct.Read(json, answer.Product)
                ?? throw new ElasticException(ElasticFault.Garbage, $"{Description} answers, but not as Elasticsearch or OpenSearch: correct elasticsearch.url.") { Status = 200 };
        }
        catch (ElasticException e) when (e.Fault == ElasticFault.Forbidden)
        {
            // "/" needs the right to monitor the cluster; searching doesn't.
            return _product = ElasticProduct.Unknown;
        }
    }

    /// <summary>Sends a request and reads its JSON.</summary>
    /// <param name="path">From the root of a node, with query.</param>
    /// <exception cref="ElasticException">Anything but 2xx with JSON.</exception>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        await ProductAsync(cancellationToken);
        return (await AskAsync(method, path, body, plain: false, cancellationToken)).Json;
    }

    /// <summary>As <see cref="SendAsync"/>, but a refusal (4xx other than 401, 403 and 429) is an answer, too.</summary>
    public async Task<(int Status, byte[] Body)> PassAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        await ProductAsync(cancellationToken);
        var answer = await TryAsync(method, path, body, TypeFor(plain: false), cancellationToken);
        var fault = FaultOf(answer);
        return fault is null or { Fault: ElasticFault.Refused or ElasticFault.NotFound } && IsJson(answer.Body) ? (answer.Status, answer.Body) : throw fault ?? NoJson(answer);
    }

    public void Dispose() => _transport.Dispose();

    private async Task<(ElasticAnswer Answer, JsonElement Json)> AskAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, bool plain, CancellationToken cancellationToken)
    {
        var answer = await TryAsync(method, path, body, TypeFor(plain), cancellationToken);
        if (FaultOf(answer) is { } fault)
        {
            throw fault;
        }

        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            return (answer, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw NoJson(answer, e);
        }
    }

    private string TypeFor(bool plain) => plain || _product is not { } product ? ElasticProduct.Json : product.ContentType;

    /// <summary>An answer that isn't to be tried again.</summary>
    private async Task<ElasticAnswer> TryAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, string type, CancellationToken cancellationToken)
    {
        if (_breaker.Wait is var wait && wait > TimeSpan.Zero)
        {
            throw new ElasticException(ElasticFault.Unavailable, string.Create(CultureInfo.InvariantCulture, $"{Description} failed several times; it is asked again in {Math.Ceiling(wait.TotalSeconds):0} s.")) { RetryAfter = wait };
        }

        for (var tries = 1; ; tries++)
        {
            var (index, node) = Nodes.Take();
            ElasticException fault;
            try
            {
                var answer = await OnceAsync(node, method, path, body, type, cancellationToken);
                Nodes.Answered(index);
                fault = answer.Status is 429 or 502 or 503 or 504 ? FaultOf(answer)! : null!;
                if (fault is null)
                {
                    _breaker.Succeeded();
                    return answer;
                }

                // The node lives. 429 says that the cluster has too much to do, 503 that a shard or the master is missing.
            }
            catch (ElasticException e) when (e.Fault == ElasticFault.Unavailable)
            {
                Nodes.Failed(index);
                fault = e;
            }

            var pause = fault.RetryAfter is { } asked && asked > PauseAfter(tries) ? asked : PauseAfter(tries);
            if (tries >= _options.Tries || pause > _options.LongestPause)
            {
                _breaker.Failed(fault.RetryAfter);
                throw fault;
            }

            // Another node is tried at once: it may be well.
            if (fault.Status != 0 || Nodes.Count == Nodes.Dead)
            {
                await Task.Delay(pause, _time, cancellationToken);
            }
        }
    }

    private TimeSpan PauseAfter(int tries)
    {
        var whole = Math.Min(_options.Pause.TotalMilliseconds * Math.Pow(2, Math.Min(tries - 1, 20)), _options.LongestPause.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(whole * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    private async Task<ElasticAnswer> OnceAsync(Uri node, HttpMethod method, string path, ReadOnlyMemory<byte> body, string type, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.Attempt, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var name = node.GetLeftPart(UriPartial.Authority);
        try
        {
            return await _transport.SendAsync(node, method, path, body, type, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ElasticException(ElasticFault.Unavailable, string.Create(CultureInfo.InvariantCulture, $"{name} gave no answer within {_options.Attempt.TotalSeconds:0} s."), e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new ElasticException(ElasticFault.Unavailable, $"{name}: its certificate is not trusted, or it speaks no TLS ({e.InnerException?.Message ?? e.Message}). Name its authority with elasticsearch.ca_file.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
        {
            throw new ElasticException(ElasticFault.Unavailable, $"{name} can't be reached: {e.Message.TrimEnd('.')}. Look whether it runs and can be reached from here.", e);
        }
    }

    private ElasticException? FaultOf(ElasticAnswer answer)
    {
        if (answer.Status is >= 200 and < 300)
        {
            return null;
        }

        var (type, reason) = ErrorText.Of(answer.Body);
        var words = reason.Length > 0 ? $": {reason}" : ".";
        var (fault, text) = answer.Status switch
        {
            401 => (ElasticFault.Unauthenticated, $"{Description} refuses the credentials (401){words} Correct elasticsearch.username and password, api_key or token."),
            403 => (ElasticFault.Forbidden, $"{Description} forbids it (403){words} Give the user the rights read and view_index_metadata on the index pattern."),
            404 => (ElasticFault.NotFound, $"{Description} has no such thing (404){words} Correct elasticsearch.index_pattern."),
            429 => (ElasticFault.Busy, $"{Description} has too much to do (429){words}"),
            >= 500 => (ElasticFault.Unavailable, $"{Description} can't answer now ({answer.Status}){words}"),
            _ => (ElasticFault.Refused, $"{Description} refuses the request ({answer.Status}){words}"),
        };
        return new(fault, text) { Status = answer.Status, Type = type, RetryAfter = answer.RetryAfter };
    }

    private ElasticException NoJson(ElasticAnswer answer, Exception? inner = null) =>
        new(ElasticFault.Garbage, $"{Description} answered something that isn't JSON, or cut it short ({answer.Body.Length} bytes: \"{Encoding.UTF8.GetString(answer.Body.AsSpan(0, Math.Min(60, answer.Body.Length)))}\"). Look whether a proxy stands in between.", inner) { Status = answer.Status };

    private static bool IsJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
