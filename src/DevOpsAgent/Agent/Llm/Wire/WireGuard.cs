using System.Net;
using System.Text;
using System.Text.Json;

namespace DevOpsAgent.Agent.Llm.Wire;

/// <summary>
/// Stands between the SDKs and the network: an answer that isn't one becomes a <see cref="LlmException"/> here, for all providers alike,
/// so that none of them gets to see it. One try; who tries again is <see cref="RetryingChatClient"/>.
/// </summary>
/// <param name="most">Bytes of an answer.</param>
internal sealed class WireGuard(LlmEndpoint endpoint, long most, TimeProvider time, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>Set on a request whose answer is JSON line by line: it is handed on as it comes.</summary>
    public static readonly HttpRequestOptionsKey<bool> Lines = new("lines");

    private const int MostErrorBytes = 64 << 10;

    private readonly ServerFaults _faults = new(endpoint);

    /// <exception cref="LlmException">No answer, or none that is one.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await ConnectAsync(request, cancellationToken);
        try
        {
            var type = response.Content.Headers.ContentType?.MediaType ?? "";
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusalAsync(response, cancellationToken);
            }

            if (type is "text/html" or "application/xhtml+xml")
            {
                throw _faults.Of(LlmFault.WebPage, $"answers with {type}");
            }

            var events = type == "text/event-stream";
            var body = new WatchedStream(await response.Content.ReadAsStreamAsync(cancellationToken), _faults, most, events);
            Replace(response, events || request.Options.TryGetValue(Lines, out var lines) && lines ? new StreamContent(body) : new ByteArrayContent(await WholeAsync(body, cancellationToken)));
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> ConnectAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw e.HttpRequestError switch
            {
                HttpRequestError.InvalidResponse => _faults.Of(LlmFault.BadAnswer, "doesn't speak HTTP", e),
                HttpRequestError.SecureConnectionError => _faults.Of(LlmFault.Unreachable, $"can't be reached: {e.InnerException?.Message ?? e.Message}", e),
                _ => _faults.Of(LlmFault.Unreachable, $"can't be reached: {e.Message}", e),
            };
        }
    }

    private async Task<LlmException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400 && response.Headers.Location is { } elsewhere)
        {
            // Not followed: the key would go wherever the server says.
            return _faults.Of(LlmFault.NotFound, $"answers with HTTP {status} and points to {Configuration.SecretMask.Hide(elsewhere.OriginalString)}");
        }

        using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[MostErrorBytes];
        var count = 0;
        try
        {
            count = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (IOException)
        {
            // The status says enough.
        }

        var body = bytes.AsMemory(0, count);
        var html = body.Span.TrimStart(" \t\r\n"u8) is { Length: > 0 } start && start[0] == '<';
        var error = ErrorBody.TryRead(body, failed: true) ?? (count > 0 && !html ? new(Encoding.UTF8.GetString(body.Span), null) : null);
        return html && status < 500 && status is not (401 or 403 or 429)
            ? _faults.Of(LlmFault.WebPage, $"answers with HTTP {status} and a page")
            : _faults.Of(status, error, RetryAfter(response));
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wish = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - (response.Headers.Date ?? time.GetUtcNow());
        return wish is { } span ? span > TimeSpan.Zero ? span : TimeSpan.Zero : null;
    }

    private async Task<byte[]> WholeAsync(WatchedStream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await using (stream)
        {
            await stream.CopyToAsync(body, cancellationToken);
        }

        var bytes = body.ToArray();
        if (bytes.AsSpan().Trim(" \t\r\n"u8).Length == 0)
        {
            throw _faults.Of(LlmFault.BadAnswer, "answers with nothing");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw _faults.Of(LlmFault.BadAnswer, "answers with what isn't JSON", e);
        }

        return ErrorBody.TryRead(bytes, failed: false) is { } error ? throw _faults.Of(null, error, null) : bytes;
    }

    private static void Replace(HttpResponseMessage response, HttpContent content)
    {
        content.Headers.ContentType = response.Content.Headers.ContentType;
        response.Content = content;
    }
}
