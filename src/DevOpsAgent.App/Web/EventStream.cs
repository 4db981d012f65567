using DevOpsAgent.Logs.Sources;
using System.Text.Json;
using System.Threading.Channels;
using DevOpsAgent.App.Views;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.App.Web;

/// <summary>
/// The event stream tells open pages what changed: server-sent events named incident (an incident's row), blocks (their
/// number; something about blocks or the allowlist may have changed), status (the agent's state, also at the start) and
/// reload (read everything again). The store is polled by its change mark, and only while somebody listens.
/// </summary>
internal sealed class EventStream(WebParts parts, CancellationToken stopping) : IDisposable
{
    private const int MaxListeners = 64;
    private const int Window = 100;
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);
    private readonly Lock _gate = new();
    private readonly List<Channel<Message>> _listeners = [];
    private readonly SemaphoreSlim _wake = new(0);
    private bool _polling;
    private long _sequence;
    private long _mark;
    private DateTimeOffset _newest;
    private Dictionary<long, long> _versions = [];
    private string _status = "";

    /// <summary>Looks for changes now instead of at the next tick.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            _wake.Release();
        }
    }

    public async Task Serve(WebCall call)
    {
        var channel = Channel.CreateBounded<Message>(256);
        lock (_gate)
        {
            if (_listeners.Count >= MaxListeners)
            {
                throw ProblemException.Of(503, "too-many-listeners", "Too many open pages", $"{MaxListeners} pages listen already.", "Close pages that are not needed.");
            }

            _listeners.Add(channel);
            if (!_polling)
            {
                _polling = true;
                Baseline();
                _ = Task.Run(Poll, CancellationToken.None);
            }
        }

        try
        {
            await Write(call, channel.Reader);
        }
        finally
        {
            lock (_gate)
            {
                _listeners.Remove(channel);
            }

            channel.Writer.TryComplete();
        }
    }

    public void Dispose() => _wake.Dispose();

    private async Task Write(WebCall call, ChannelReader<Message> reader)
    {
        var response = call.Context.Response;
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no";
        await response.WriteAsync("retry: 2000\n\n", call.Aborted);
        if (call.Context.Request.Headers["Last-Event-ID"].Count > 0)
        {
            // What happened while nobody listened is not kept: the page reads it all again.
            await Send(response, new(Interlocked.Increment(ref _sequence), "reload", "{}"), call.Aborted);
        }

        await Send(response, new(Interlocked.Increment(ref _sequence), "status", StatusJson()), call.Aborted);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, stopping);
        try
        {
            while (await Next(reader, ended.Token) is { } more && more)
            {
                while (reader.TryRead(out var message))
                {
                    await Send(response, message, ended.Token);
                }

                await response.Body.FlushAsync(ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The page was closed, or the agent stops.
        }

        async Task<bool> Next(ChannelReader<Message> from, CancellationToken token)
        {
            var wait = from.WaitToReadAsync(token).AsTask();
            while (await Task.WhenAny(wait, Task.Delay(s_heartbeat, parts.Time, token)) != wait)
            {
                token.ThrowIfCancellationRequested();
                await response.WriteAsync(": still here\n\n", token);
                await response.Body.FlushAsync(token);
            }

            return await wait;
        }
    }

    private static Task Send(HttpResponse response, Message message, CancellationToken token) =>
        response.WriteAsync($"id: {message.Id}\nevent: {message.Name}\ndata: {message.Data}\n\n", token);

    private async Task Poll()
    {
        while (!stopping.IsCancellationRequested)
        {
            lock (_gate)
            {
                if (_listeners.Count == 0)
                {
                    _polling = false;
                    return;
                }
            }

            try
            {
                await _wake.WaitAsync(s_poll, stopping);
                Look();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (StoreException)
            {
                // The store is down for now: the status event says so; looked at again at the next tick.
                LookAtStatus();
            }
        }
    }

    private void Baseline()
    {
        _status = State();
        try
        {
            _mark = parts.Store.ChangeMark();
            Remember(parts.Store.ListIncidents(new() { Limit = Window }).Items);
        }
        catch (StoreException)
        {
            _mark = -1;
        }
    }

    private void Look()
    {
        LookAtStatus();
        var mark = parts.Store.ChangeMark();
        if (mark == _mark)
        {
            return;
        }

        _mark = mark;
        var recent = parts.Store.ListIncidents(new() { Limit = Window }).Items;
        var changed = recent.Where(i => i.UpdatedAt >= _newest && _versions.GetValueOrDefault(i.Id, -1) != i.Version).ToList();
        Remember(recent);
        if (changed.Count == Window)
        {
            Publish("reload", "{}");
            return;
        }

        foreach (var incident in changed)
        {
            Publish("incident", JsonSerializer.Serialize(IncidentView.Of(incident), WebCall.Json.IncidentView));
        }

        var pulse = new PulseView { LiveBlocks = StatusApi.LiveBlocks(parts), Mode = IncidentView.Name(parts.Status.Current.Mode) };
        Publish("blocks", JsonSerializer.Serialize(pulse, WebCall.Json.PulseView));
    }

    private void Remember(IReadOnlyList<Incident> recent)
    {
        _versions = recent.ToDictionary(static i => i.Id, static i => i.Version);
        _newest = recent.Count == 0 ? _newest : recent[0].UpdatedAt;
    }

    private void LookAtStatus()
    {
        var state = State();
        if (!string.Equals(state, _status, StringComparison.Ordinal))
        {
            _status = state;
            Publish("status", StatusJson());
        }
    }

    /// <summary>Counters move with each line: they alone are not worth an event. What a person would act on is.</summary>
    private string State()
    {
        var s = parts.Status.Current;
        return string.Join('|', [s.Mode, s.Target.Reachable, s.Target.Drift, s.Store.Healthy, s.CapReached, .. s.Sources.Select(static x => $"{x.Source}{x.State}{x.Advice}{x.LagBytes / 65536}")]);
    }

    private string StatusJson() => JsonSerializer.Serialize(StatusApi.View(parts), WebCall.Json.StatusView);

    private void Publish(string name, string data)
    {
        var message = new Message(Interlocked.Increment(ref _sequence), name, data);
        lock (_gate)
        {
            foreach (var listener in _listeners)
            {
                // A page that doesn't keep up is let go: it comes back by itself and reloads.
                if (!listener.Writer.TryWrite(message))
                {
                    listener.Writer.TryComplete();
                }
            }
        }
    }

    private readonly record struct Message(long Id, string Name, string Data);
}
