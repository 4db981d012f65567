using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>
/// Watches that outlive their connections. Each begins where the last event or bookmark was, so nothing is lost or doubled; outages are
/// waited out with growing pauses. Ends with <see cref="ObjectChange.Gone"/>, or with an exception for what waiting doesn't cure.
/// </summary>
internal sealed class WatchStream(Rest rest, Patience patience, TimeProvider time)
{
    /// <summary>The server ends a watch after this and up to as much again, by its own choice without our wish: 30 to 60 min.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(4);

    /// <summary>
    /// An API server that has just started knows neither rights nor custom kinds for a moment, and answers 403 and 404. A watch that ran
    /// before believes such refusals only when they last.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    /// <summary>How often in a row a collection was Gone before its first event: storms are slowed down, or each would cost a whole list.</summary>
    private readonly ConcurrentDictionary<string, int> _gone = new(StringComparer.Ordinal);

    public async IAsyncEnumerable<ObjectEvent> ReadAsync(ResourceType type, string? ns, Selection selection, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var key = ResourcePath.Of(type, ns, null, ("labelSelector", selection.Labels), ("fieldSelector", selection.Fields));
        var version = resourceVersion;
        var failures = 0;
        var wasOpen = false;
        long? refusedSince = null;
        while (true)
        {
            var length = Least + TimeSpan.FromSeconds(Random.Shared.Next((int)Least.TotalSeconds));
            var call = new RestCall(HttpMethod.Get, ResourcePath.Of(type, ns, null, ("labelSelector", selection.Labels), ("fieldSelector", selection.Fields), ("watch", "1"), ("allowWatchBookmarks", "true"),
                ("resourceVersion", version), ("timeoutSeconds", ((int)length.TotalSeconds).ToString(CultureInfo.InvariantCulture))), "watch " + ResourcePath.Words(type, ns, null));

            var (open, wait) = await OpenAsync(call, cancellationToken);
            if (wait.Refused is { } refused)
            {
                refusedSince ??= time.GetTimestamp();
                if (!wasOpen || time.GetElapsedTime(refusedSince.Value) >= Settling)
                {
                    throw refused;
                }
            }
            else
            {
                refusedSince = null;
            }

            if (open is not null)
            {
                wasOpen = true;
                // A connection that breaks without a word would hang: the server's own end must come before this.
                using var silent = new CancellationTokenSource(length + TimeSpan.FromSeconds(30), time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silent.Token);
                using (open)
                {
                    await foreach (var found in EventsAsync(open, call, type, cancellationToken, either.Token))
                    {
                        if (found.Change == ObjectChange.Gone)
                        {
                            wait = OpenEnd.Gone;
                            break;
                        }

                        failures = 0;
                        _gone.TryRemove(key, out _);
                        version = found.ResourceVersion;
                        yield return found;
                    }
                }
            }

            if (wait.IsGone)
            {
                var times = _gone.AddOrUpdate(key, 1, static (_, n) => n + 1);
                if (times > 1)
                {
                    await Task.Delay(patience.PauseAfter(times - 1), time, cancellationToken);
                }

                yield return new(ObjectChange.Gone, null, version);
                yield break;
            }

            // Also after an orderly end: a server or balancer that closes each watch at once must not be asked without a pause.
            var pause = patience.PauseAfter(++failures);
            await Task.Delay(wait.RetryAfter is { } asked && asked > pause ? asked : pause, time, cancellationToken);
        }
    }

    private async Task<(HttpResponseMessage? Open, OpenEnd End)> OpenAsync(RestCall call, CancellationToken cancellationToken)
    {
        try
        {
            var (open, refusal, retryAfter) = await rest.OpenAsync(call, cancellationToken);
            return refusal switch
            {
                null => (open, default),
                { Status: 410 } => (null, OpenEnd.Gone),
                { Status: 408 or 429 or >= 500 } => (null, new(false, retryAfter, null)),
                _ => (null, new(false, null, rest.Refusals.Of(call, refusal))),
            };
        }
        catch (Exception e) when (e is CallFault or AnswerTooLong)
        {
            return (null, default);
        }
    }

    /// <summary>Until the stream ends, breaks, or says something that can't be read: then the rest is asked for anew.</summary>
    private async IAsyncEnumerable<ObjectEvent> EventsAsync(HttpResponseMessage open, RestCall call, ResourceType type, CancellationToken cancelled, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        WatchLines? lines = null;
        while (true)
        {
            ObjectEvent? found;
            try
            {
                lines ??= new(await open.Content.ReadAsStreamAsync(cancellationToken));
                var line = await lines.ReadAsync(cancellationToken);
                found = line.IsEmpty ? null : Read(line.Span, call, type);
            }
            catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancelled.IsCancellationRequested))
            {
                found = null;
            }

            if (found is null)
            {
                yield break;
            }

            yield return found;
        }
    }

    /// <summary>Null: not readable, or an error that may pass.</summary>
    /// <exception cref="KubernetesException">An ERROR event that will not pass.</exception>
    private ObjectEvent? Read(ReadOnlySpan<byte> line, RestCall call, ResourceType type)
    {
        try
        {
            if (JsonNode.Parse(line, documentOptions: JsonBytes.Strict) is not JsonObject root || root["object"] is not JsonObject value)
            {
                return null;
            }

            if ((string?)root["type"] == "ERROR")
            {
                return Error(value, call);
            }

            root.Remove("object");
            var change = (string?)root["type"] switch
            {
                "ADDED" => ObjectChange.Added,
                "MODIFIED" => ObjectChange.Modified,
                "DELETED" => ObjectChange.Deleted,
                "BOOKMARK" => ObjectChange.Bookmark,
                _ => (ObjectChange?)null,
            };
            var version = (string?)value["metadata"]?["resourceVersion"];
            if (!value.ContainsKey("kind"))
            {
                value["apiVersion"] = type.ApiVersion;
                value["kind"] = type.Kind;
            }

            return change is { } known && version is not null ? new(known, known == ObjectChange.Bookmark ? null : value, version) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    // {"type":"ERROR","object":{"kind":"Status",...,"message":"too old resource version: 1 (842)","reason":"Expired","code":410}}, after a status 200
    private ObjectEvent? Error(JsonObject status, RestCall call)
    {
        var code = status["code"]?.GetValue<int>() ?? 500;
        return code switch
        {
            410 => new(ObjectChange.Gone, null, ""),
            408 or 429 or >= 500 => null,
            _ => throw rest.Refusals.Of(call, new(code, RestCall.Json, JsonBytes.Of(status), 1)),
        };
    }

    private readonly record struct OpenEnd(bool IsGone, TimeSpan? RetryAfter, KubernetesException? Refused)
    {
        public static OpenEnd Gone => new(true, null, null);
    }
}
