using System.Globalization;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>
/// Calls with patience: tries again what may be tried again (429 and Retry-After, 5xx, cut connections), and renews refused credentials
/// once. What remains is a <see cref="KubernetesException"/>.
/// </summary>
internal sealed class Rest : IDisposable
{
    /// <summary>An answer's bytes: an object has at most 3 MiB, a page of a list more.</summary>
    public const int MostBytes = 64 << 20;

    private readonly ClusterConnection _connection;
    private readonly Transport _transport;
    private readonly Patience _patience;
    private readonly TimeProvider _time;

    public Rest(ClusterConnection connection, Patience patience, TimeProvider time)
    {
        (_connection, _patience, _time) = (connection, patience, time);
        _transport = new(connection, time);
        Refusals = new(connection, _transport);
    }

    public Refusals Refusals { get; }

    public TimeSpan ClockSkew => _transport.ClockSkew;

    public void Dispose() => _transport.Dispose();

    /// <summary>An answer that is neither 401 nor one to be tried again; its status may still be a refusal.</summary>
    /// <exception cref="KubernetesException">None came within the patience; or, with <see cref="AnswerTooLong"/> in it, too much.</exception>
    public async Task<RestAnswer> AskAsync(RestCall call, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            KubernetesException fault;
            TimeSpan? asked = null;
            try
            {
                var (answer, retryAfter) = await TryAsync(call, tries, cancellationToken);
                if (!MayTryAgain(call, answer, retryAfter))
                {
                    return answer.Status == 401 ? throw Refusals.Of(call, answer) : answer;
                }

                fault = Refusals.Of(call, answer);
                asked = retryAfter;
            }
            catch (AnswerTooLong e)
            {
                throw Refusals.NoAnswer(call, e, e.Message);
            }
            catch (CallFault e)
            {
                fault = Refusals.NoAnswer(call, e.InnerException, e.Message);
                if (e.Sent && !call.Repeatable)
                {
                    throw fault;
                }
            }

            var pause = _patience.PauseAfter(tries);
            pause = asked is { } wish && wish > pause ? wish : pause;
            if (tries >= _patience.Tries || _time.GetElapsedTime(start) + pause > _patience.Total)
            {
                throw new KubernetesException(fault.Fault, string.Create(CultureInfo.InvariantCulture, $"{fault.Message} Tried {tries} times in {_time.GetElapsedTime(start).TotalSeconds:0.#} s{(asked is { } after ? $"; it asks to wait {after.TotalSeconds:0} s" : "")}."), fault.InnerException)
                {
                    StatusCode = fault.StatusCode,
                    Reason = fault.Reason,
                };
            }

            await Task.Delay(pause, _time, cancellationToken);
        }
    }

    /// <summary>Asks, and takes only a success.</summary>
    public async Task<RestAnswer> SendAsync(RestCall call, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(call, cancellationToken);
        return answer.IsSuccess ? answer : throw Refusals.Of(call, answer);
    }

    /// <summary>An answer whose body is read as it comes; a refusal has its body read already. One try, with credentials renewed once.</summary>
    /// <exception cref="CallFault">No answer.</exception>
    public async Task<(HttpResponseMessage? Open, RestAnswer? Refusal, TimeSpan? RetryAfter)> OpenAsync(RestCall call, CancellationToken cancellationToken)
    {
        for (var renewed = false; ; renewed = true)
        {
            var credential = await _connection.Credentials.GetAsync(cancellationToken);
            using var limit = new CancellationTokenSource(_patience.Attempt, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            HttpResponseMessage? response = null;
            try
            {
                response = await _transport.SendAsync(call, credential, either.Token);
                if (response.IsSuccessStatusCode)
                {
                    var open = response;
                    response = null;
                    return (open, null, null);
                }

                var refusal = await ReadAsync(response, 1, either.Token);
                if (refusal.Status != 401 || renewed || !_connection.Credentials.Refuse(credential))
                {
                    return (null, refusal, RetryAfter(response, refusal));
                }
            }
            catch (Exception e) when (IsFault(e) && !cancellationToken.IsCancellationRequested)
            {
                throw Fault(e, limit.IsCancellationRequested);
            }
            finally
            {
                response?.Dispose();
            }
        }
    }

    private async Task<(RestAnswer Answer, TimeSpan? RetryAfter)> TryAsync(RestCall call, int tries, CancellationToken cancellationToken)
    {
        for (var renewed = false; ; renewed = true)
        {
            var credential = await _connection.Credentials.GetAsync(cancellationToken);
            using var limit = new CancellationTokenSource(_patience.Attempt, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                using var response = await _transport.SendAsync(call, credential, either.Token);
                var answer = await ReadAsync(response, tries, either.Token);
                if (answer.Status != 401 || renewed || !_connection.Credentials.Refuse(credential))
                {
                    return (answer, RetryAfter(response, answer));
                }
            }
            catch (Exception e) when (IsFault(e) && !cancellationToken.IsCancellationRequested)
            {
                throw Fault(e, limit.IsCancellationRequested);
            }
        }
    }

    private static async Task<RestAnswer> ReadAsync(HttpResponseMessage response, int tries, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream((int)Math.Min(response.Content.Headers.ContentLength ?? 4096, 1 << 20));
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            if (body.Length + count > MostBytes)
            {
                throw new AnswerTooLong();
            }

            body.Write(buffer, 0, count);
        }

        return new((int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "no type", body.ToArray(), tries);
    }

    private bool MayTryAgain(RestCall call, RestAnswer answer, TimeSpan? retryAfter) => answer.Status switch
    {
        429 => true, // not carried out
        503 => call.Repeatable || retryAfter is not null,
        500 => call.Repeatable && !Refusals.IsTooLarge(ServerStatus.Of(answer.Body)),
        408 or 502 or 504 => call.Repeatable,
        _ => false,
    };

    private TimeSpan? RetryAfter(HttpResponseMessage response, RestAnswer answer)
    {
        if (response.Headers.RetryAfter is { } header)
        {
            return header.Delta ?? (header.Date is { } date ? date - (response.Headers.Date ?? _time.GetUtcNow()) : null);
        }

        return answer.IsSuccess ? null : ServerStatus.Of(answer.Body)?.Details is { RetryAfterSeconds: > 0 } details ? TimeSpan.FromSeconds(details.RetryAfterSeconds) : null;
    }

    private static bool IsFault(Exception e) => e is HttpRequestException or IOException or OperationCanceledException;

    private CallFault Fault(Exception e, bool late) => late
        ? new(string.Create(CultureInfo.InvariantCulture, $"no answer within {_patience.Attempt.TotalSeconds:0} s"), sent: true, e)
        : new(Words(e), e is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError }, e);

    // "Connection refused (127.0.0.1:6443)"
    private static string Words(Exception e)
    {
        var inner = e is HttpRequestException ? e : e.InnerException ?? e;
        return (inner.InnerException is System.Net.Sockets.SocketException socket && !inner.Message.Contains(socket.Message, StringComparison.Ordinal) ? $"{inner.Message} {socket.Message}" : inner.Message).TrimEnd('.');
    }
}

/// <summary>A call to which no answer came.</summary>
/// <param name="sent">The server may have carried it out.</param>
internal sealed class CallFault(string message, bool sent, Exception inner) : Exception(message, inner)
{
    public bool Sent => sent;
}

/// <summary>More than <see cref="Rest.MostBytes"/>.</summary>
internal sealed class AnswerTooLong() : Exception("The answer is longer than 64 MiB");
