using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace DevOpsAgent.Audit.Mirror;

/// <summary>
/// An HTTPS collector. One POST per batch, lines as they stand in the file, application/x-ndjson; any 2xx means that they
/// are kept. 409 means that the collector has other lines under these seqs.
/// <code>POST /audit  X-Audit-Stream: ops-audit  X-Audit-Segment: 1  X-Audit-First-Seq: 1  X-Audit-Last-Seq: 500</code>
/// </summary>
internal sealed class CollectorTarget : IMirrorTarget
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly Uri _url;
    private readonly HttpClient _client;

    /// <param name="token">Sent as a bearer token; null: none.</param>
    public CollectorTarget(Uri url, string? token, HttpMessageHandler? handler = null)
    {
        _url = url;

        // A redirect could carry the lines and the token elsewhere.
        _client = new(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout };
        _client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
    }

    public string Name => $"collector {_url.Scheme}://{_url.Authority}{_url.AbsolutePath}";

    public async Task SendAsync(MirrorBatch batch, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        foreach (var line in batch.Lines)
        {
            body.Write(line.Text);
            body.WriteByte((byte)'\n');
        }

        using var content = new ByteArrayContent(body.ToArray());
        content.Headers.ContentType = new("application/x-ndjson");
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
        request.Headers.TryAddWithoutValidation("X-Audit-Stream", Uri.EscapeDataString(batch.Stream));
        request.Headers.Add("X-Audit-Segment", batch.Segment.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("X-Audit-First-Seq", batch.Lines[0].Line.Seq.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("X-Audit-Last-Seq", batch.Lines[^1].Line.Seq.ToString(CultureInfo.InvariantCulture));
        try
        {
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.Conflict)
            {
                throw new MirrorException($"The {Name} has other lines under {batch.Lines[0].Line.Seq} to {batch.Lines[^1].Line.Seq} of '{batch.Stream}': one of the two logs was changed, or two logs share this name.");
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw new MirrorException($"The {Name} answered {(int)answer.StatusCode}: check its address and audit.mirror.token.");
            }
        }
        catch (HttpRequestException e)
        {
            throw new MirrorException($"The {Name} can't be reached: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MirrorException($"The {Name} did not answer within {Timeout.TotalSeconds} s.", e);
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
