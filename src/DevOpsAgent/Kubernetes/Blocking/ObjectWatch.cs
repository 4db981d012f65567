using System.Collections.Concurrent;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Hears of every change to our objects as it happens. It only says that somebody should look, and remembers who was deleted:
/// looking is done where writing is done.
/// </summary>
internal sealed class ObjectWatch : IAsyncDisposable
{
    private const int MostWritten = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly IKubernetesApi _api;
    private readonly DenyLayout _layout;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<ObjectKey, bool> _deleted = [];

    /// <summary>The version of each that is right; empty: we deleted it, or are about to.</summary>
    private readonly ConcurrentDictionary<ObjectKey, string> _right = [];

    /// <summary>The last versions that we wrote of each: their events may come when a newer one of ours stands already.</summary>
    private readonly ConcurrentDictionary<ObjectKey, ConcurrentQueue<string>> _written = [];
    private Task[] _running = [];
    private volatile bool _changed;

    public ObjectWatch(IKubernetesApi api, DenyLayout layout, TimeProvider time) => (_api, _layout, _time) = (api, layout, time);

    /// <summary>Something of ours was changed, and not by us, since <see cref="Looked"/>.</summary>
    public bool Changed => _changed;

    public bool WasDeleted(ObjectKey key) => _deleted.ContainsKey(key);

    /// <summary>Called before the cluster is read: what happens from here on is new.</summary>
    public void Looked() => _changed = false;

    public void Wrote(ObjectKey key, string version)
    {
        _right[key] = version;
        var written = _written.GetOrAdd(key, static _ => []);
        written.Enqueue(version);
        while (written.Count > MostWritten)
        {
            written.TryDequeue(out var _);
        }

        _deleted.TryRemove(key, out _);
    }

    /// <summary>Called before a deletion of our own.</summary>
    public void Deletes(ObjectKey key)
    {
        _right[key] = "";
        _deleted.TryRemove(key, out _);
    }

    /// <summary>These are to stand there from now on; what was right before and was not written is known by its version.</summary>
    public void Stand(IEnumerable<ObjectKey> keys, StandingObjects standing)
    {
        foreach (var key in keys)
        {
            if (standing.Ours.TryGetValue(key, out var found))
            {
                _right.TryAdd(key, StandingObject.VersionOf(found.Body));
            }
        }
    }

    /// <summary>Cheap where it runs already.</summary>
    public void Start()
    {
        if (_running.Length == 0)
        {
            _running = [.. DenyKinds.Of(_layout).Select(type => Task.Run(() => RunAsync(type)))];
        }
    }

    public bool Follows(DenyLayout layout) => _layout.Namespace == layout.Namespace && _layout.Name == layout.Name && DenyKinds.Of(_layout).SequenceEqual(DenyKinds.Of(layout));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(ResourceType type)
    {
        var selection = new Selection(OwnedObject.Selector(_layout));
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var list = await _api.ListAsync(type, _layout.Namespace, selection, _stop.Token);
                await foreach (var change in _api.WatchAsync(type, _layout.Namespace, selection, list.ResourceVersion, _stop.Token))
                {
                    if (change.Change == ObjectChange.Gone)
                    {
                        // What happened meanwhile nobody can tell: look.
                        _changed = true;
                        break;
                    }

                    Hear(type, change);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (KubernetesException)
            {
                // The look at intervals reports what is wrong with the cluster; here it is only tried again.
                await Task.Delay(Pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _changed = true;
            }
        }
    }

    private void Hear(ResourceType type, ObjectEvent change)
    {
        if (change.Object is not { } item)
        {
            return;
        }

        var key = OwnedObject.KeyOf(type, item);
        if (!_right.TryGetValue(key, out var version))
        {
            return;
        }

        if (change.Change == ObjectChange.Deleted)
        {
            if (version.Length > 0)
            {
                _deleted[key] = true;
                _changed = true;
            }
        }
        else if (change.ResourceVersion != version && !(_written.TryGetValue(key, out var ours) && ours.Contains(change.ResourceVersion, StringComparer.Ordinal)))
        {
            // May be one of ours whose answer is still on its way to us: then the look finds nothing.
            _changed = true;
        }
    }
}
