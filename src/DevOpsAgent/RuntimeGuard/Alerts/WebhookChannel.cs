using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// send_to_soc_dashboard, and notify_architect by webhook: many alerts in one POST. With a secret the header
/// X-Guard-Signature is "v1=" and the HMAC-SHA256, in hex, over X-Guard-Timestamp, "." and the body; a receiver refuses what is older than
/// five minutes, or whose X-Guard-Delivery it has had, and so can't be told an old thing anew.
/// </summary>
internal sealed class WebhookChannel : IAlertChannel
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    private readonly Uri _url;
    private readonly byte[]? _secret;
    private readonly string _host;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <param name="host">Of this machine.</param>
    public WebhookChannel(string name, string action, Uri url, Secret? secret, string host, TimeProvider time)
    {
        (Name, Action, _url, _host, _time) = (name, action, url, host, time);
        _secret = secret is null ? null : Encoding.UTF8.GetBytes(secret.Reveal);

        // Attack: a receiver that was taken over answers with a redirect, and what we see of this machine is sent on to anybody,
        // or to a service of this machine's own network.
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeLimit, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public string Name { get; }

    public string Action { get; }

    public int MaxBatch => 100;

    public TimeSpan Every => TimeSpan.FromSeconds(1);

    public async Task SendAsync(AlertBatch batch, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new WebhookBody(1, _host, batch.Journal, _time.GetUtcNow(), batch.Lost, batch.Alerts), WebhookJson.Default.WebhookBody);
        using var limit = new CancellationTokenSource(TimeLimit, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new("application/json") { CharSet = "utf-8" };
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("devops-agent-guard", "1"));

            // The same for the same alerts, however often they are sent: a receiver knows them again.
            request.Headers.Add("X-Guard-Delivery", string.Create(CultureInfo.InvariantCulture, $"{batch.Journal}-{(batch.Alerts.Count == 0 ? 0 : batch.Alerts[0].Seq)}-{(batch.Alerts.Count == 0 ? 0 : batch.Alerts[^1].Seq)}"));
            Sign(request, body);

            // Only the status counts: a body without end is never read.
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            if (!answer.IsSuccessStatusCode)
            {
                throw Refused(answer);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AlertDeliveryException($"{_url.Host} did not answer within {TimeLimit.TotalSeconds} s", e);
        }
        catch (HttpRequestException e)
        {
            throw new AlertDeliveryException($"{_url.Host}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>"v1=" and 64 hex digits.</summary>
    public static string Signature(ReadOnlySpan<byte> secret, string timestamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        mac.AppendData(Encoding.ASCII.GetBytes(timestamp + "."));
        mac.AppendData(body);
        return "v1=" + Convert.ToHexStringLower(mac.GetHashAndReset());
    }

    private void Sign(HttpRequestMessage request, byte[] body)
    {
        if (_secret is null)
        {
            return;
        }

        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("X-Guard-Timestamp", timestamp);
        request.Headers.Add("X-Guard-Signature", Signature(_secret, timestamp, body));
    }

    private AlertDeliveryException Refused(HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        var now = _time.GetUtcNow();
        return new(status is >= 300 and < 400
            ? $"{_url.Host} answered with a redirect ({status}), which is not followed; set the address that it leads to, if you trust it"
            : string.Create(CultureInfo.InvariantCulture, $"{_url.Host} answered {status}"))
        {
            // These say that the body is wrong for them; anything else may be mended on their side.
            IsFinal = answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity,
            RetryAfter = answer.Headers.RetryAfter is { } retry ? retry.Delta ?? retry.Date - now : null,
        };
    }
}

/// <param name="Host">Where the guard runs.</param>
/// <param name="Lost">Alerts before these that were not kept until they could be sent.</param>
internal sealed record WebhookBody(int Version, string Host, string Journal, DateTimeOffset SentAt, long Lost, IReadOnlyList<Alert> Alerts);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookBody))]
internal sealed partial class WebhookJson : JsonSerializerContext;
