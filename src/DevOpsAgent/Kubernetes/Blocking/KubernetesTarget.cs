using System.Globalization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// A cluster as the place where denials are written. It remembers nothing that matters: each time it reads what of ours stands
/// there, and writes what differs. So a kill at any point, or a change by anybody, is set right by the next look.
/// </summary>
internal sealed class KubernetesTarget : IBlockTarget, IAsyncDisposable
{
    /// <summary>A cluster's Traefik is not set up anew every minute, and an inspection reads all its routes.</summary>
    private static readonly TimeSpan LayoutAge = TimeSpan.FromMinutes(10);

    /// <summary>For a plan that is asked for before the cluster was looked at.</summary>
    private static readonly TimeSpan RenderLimit = TimeSpan.FromSeconds(10);

    /// <summary>A look and the write after it are one piece of work; longer apart they aren't.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>Gives the names that our objects have when there are any.</summary>
    private static readonly DenyList Anybody = new([AddressRange.Parse("192.0.2.1")], []);

    private readonly IKubernetesApi _api;
    private readonly BlockingConfig _config;
    private readonly Func<CancellationToken, Task<DenyLayout>> _choose;
    private readonly TraefikApi? _traefik;
    private readonly bool _forwarded;
    private readonly TimeProvider _time;
    private readonly ConfigMapList _list;
    private readonly RenderedLists _rendered = new();
    private readonly SemaphoreSlim _choosing = new(1, 1);

    private volatile DenyLayout? _layout;
    private volatile bool _stale;
    private long _chosenAt;
    private volatile ObjectWatch? _watch;

    private Seen? _seen;

    /// <summary>What was written last; the cluster held it then.</summary>
    private volatile DenyList _written = DenyList.Empty;

    /// <summary>What was wanted last: an object of it whose labels were taken away is still found by its name.</summary>
    private volatile IReadOnlyList<OwnedObject> _known = [];
    private volatile bool _lookedAtAll;

    /// <param name="choose">Looks at the cluster; throws <see cref="LayoutException"/> or <see cref="KubernetesException"/>.</param>
    /// <param name="forwarded">For a file in a ConfigMap, see <see cref="DenyFile.Render"/>.</param>
    public KubernetesTarget(IKubernetesApi api, BlockingConfig config, Func<CancellationToken, Task<DenyLayout>> choose, TraefikApi? traefik, bool forwarded, TimeProvider time)
    {
        (_api, _config, _choose, _traefik, _forwarded, _time) = (api, config, choose, traefik, forwarded, time);
        _list = new(api);
    }

    public string Description => _layout is { } layout
        ? $"{layout.Place} in {_api.Description}{(layout.Forwarded ? " (clients behind the balancer by the last entry of X-Forwarded-For)" : "")}"
        : $"objects of {_api.Description}";

    public string Where(IReadOnlyList<string> entryPoints) => _layout switch
    {
        { Way: BlockingWay.Routes or BlockingWay.TcpRoutes } layout => $"{Description} at {string.Join(", ", layout.EntryPoints.Concat(layout.TlsEntryPoints).Concat(layout.TcpEntryPoints).Distinct(StringComparer.Ordinal))}",
        _ => Description,
    };

    public string? ReviewReason => _layout is { ReviewReasons: { Count: > 0 } reasons } ? string.Join("; ", reasons) : null;

    public string Render(DenyList list)
    {
        DenyLayout layout;
        try
        {
            using var limit = new CancellationTokenSource(RenderLimit, _time);
            layout = _layout ?? Task.Run(() => LayoutAsync(limit.Token)).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is KubernetesException or LayoutException or OperationCanceledException)
        {
            return $"# What would be written is not known: {FieldManagers.Printable(e is OperationCanceledException ? "the cluster did not answer" : e.Message)}\n";
        }

        return layout.Way == BlockingWay.ConfigMap
            ? ConfigMapList.Render(layout, list, _config.EntryPoints, _forwarded)
            : _rendered.Text(layout, list);
    }

    public async Task<TargetResult> ApplyAsync(DenyList list, CancellationToken cancellationToken)
    {
        try
        {
            var layout = await LayoutAsync(list, cancellationToken);
            if (Excess(layout, list) is { } excess)
            {
                return new(TargetOutcome.Failed, excess);
            }

            if (layout.Way == BlockingWay.ConfigMap)
            {
                var said = await _list.ApplyAsync(layout, list, File, cancellationToken);
                _written = list;
                return new(TargetOutcome.Unconfirmed, $"{said}; a node takes up to two minutes to hand it to Traefik.");
            }

            return await WriteAsync(layout, list, cancellationToken);
        }
        catch (Exception e) when (e is KubernetesException or LayoutException)
        {
            Forget(e);
            return new(TargetOutcome.Failed, Sentence(e));
        }
    }

    public async Task<TargetState> InspectAsync(DenyList list, CancellationToken cancellationToken)
    {
        try
        {
            var layout = await LayoutAsync(list, cancellationToken);
            if (layout.Way == BlockingWay.ConfigMap)
            {
                return await _list.InspectAsync(layout, list, File, cancellationToken);
            }

            var wanted = Objects(layout, list);
            var standing = await ReadAsync(layout, wanted, cancellationToken);
            _seen = _lookedAtAll && standing.Strangers.Count == 0 ? new(layout, standing, wanted, _time.GetTimestamp()) : null;
            var (drift, foreign) = ObjectSteps.Drift(ObjectSteps.Of(wanted, standing), standing, key => _watch?.WasDeleted(key) == true);
            return new(true, drift) { Foreign = foreign };
        }
        catch (Exception e) when (e is KubernetesException or LayoutException)
        {
            Forget(e);
            return new(false, Sentence(e));
        }
    }

    /// <summary>False once after each change to our objects that was not ours.</summary>
    public bool LooksRight(DenyList list) => _watch is not { Changed: true };

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _watch, null) is { } watch)
        {
            await watch.DisposeAsync();
        }

        (_api as IDisposable)?.Dispose();
    }

    private async Task<TargetResult> WriteAsync(DenyLayout layout, DenyList list, CancellationToken cancellationToken)
    {
        var wanted = Objects(layout, list);
        if (layout.Way == BlockingWay.NetworkPolicy && wanted.Count > 0)
        {
            await PolicyCheck.RunAsync(_api, layout, cancellationToken);
        }

        var watch = await WatchAsync(layout, wanted.Count > 0);
        var standing = JustSeen(layout, wanted, watch) ?? await ReadAsync(layout, wanted, cancellationToken);
        if (standing.Strangers.Count > 0)
        {
            return new(TargetOutcome.Failed, $"{ObjectSteps.Stranger(standing.Strangers[0])}; it is left alone: remove it, or set blocking.kubernetes.name to another name.");
        }

        var steps = ObjectSteps.Of(wanted, standing);
        var writer = new ObjectWriter(_api, watch);
        _known = [.. wanted.UnionBy(_known, static o => o.Key)];
        await writer.WriteAsync(steps, cancellationToken);
        var result = await ConfirmAsync(layout, list, steps, cancellationToken);
        if (result.Outcome == TargetOutcome.Failed)
        {
            // A route that Traefik drops denies nobody; it is not left there for people to wonder at.
            return result with { Detail = $"{result.Detail}. {await writer.TakeBackAsync(steps)}" };
        }

        (_known, _written, _lookedAtAll) = (wanted, list, true);
        watch.Stand(wanted.Select(static w => w.Key), standing);
        return result;
    }

    private async Task<TargetResult> ConfirmAsync(DenyLayout layout, DenyList list, IReadOnlyList<ObjectStep> steps, CancellationToken cancellationToken)
    {
        if (OpenRanges.Denied(list).Count == 0)
        {
            return new(TargetOutcome.Unconfirmed, steps.Count == 0 ? $"Nothing to deny; {layout.Place} is not there." : $"Nothing left to deny; {layout.Place} was removed.");
        }

        var written = steps.Count == 0 ? $"{layout.Place} is as it should be" : string.Create(CultureInfo.InvariantCulture, $"Written to {layout.Place} and read back ({steps.Count} {(steps.Count == 1 ? "object" : "objects")})");
        var routers = _traefik is null ? [] : RouteForm.Routers(layout, list);
        if (_traefik is null || routers.Count == 0)
        {
            return new(TargetOutcome.Unconfirmed, $"{written}; Traefik was not asked{(_traefik is null && layout.Way == BlockingWay.Routes ? " (blocking.traefik_api is not set)" : "")}.");
        }

        ApiAnswer answer;
        try
        {
            answer = await _traefik.ConfirmListedAsync($"{layout.Namespace}-{layout.Name}", "kubernetescrd", routers, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            answer = new(ApiState.Unknown, "the agent was stopped before Traefik answered");
        }

        return answer.State switch
        {
            ApiState.Enabled => new(TargetOutcome.Confirmed, $"{written}; Traefik runs it.{(answer.Detail.Length > 0 ? " " + answer.Detail : "")}"),
            ApiState.Refused => new(TargetOutcome.Failed, answer.Detail),
            _ => new(TargetOutcome.Unconfirmed, $"{written}; not confirmed: {answer.Detail}."),
        };
    }

    private async Task<StandingObjects> ReadAsync(DenyLayout layout, IReadOnlyList<OwnedObject> wanted, CancellationToken cancellationToken)
    {
        _watch?.Looked();

        // Once, everything that an earlier way may have left; then only what this way has.
        IReadOnlyList<ResourceType> kinds = _lookedAtAll ? DenyKinds.Of(layout) : [.. DenyKinds.All(await _api.DiscoverAsync(cancellationToken)).Union(DenyKinds.Of(layout))];

        // By their names too: a route whose labels somebody took away is in no list and would deny for ever.
        var known = _known.Where(k => k.Key.Namespace == layout.Namespace && kinds.Contains(k.Type));
        var names = wanted.Concat(known).Concat(wanted.Count == 0 ? Objects(layout, Anybody) : []).DistinctBy(static o => o.Key);
        var standing = await StandingObjects.ReadAsync(_api, layout, [.. names], kinds, cancellationToken);
        return wanted.Count > 0 ? standing : standing with { Strangers = [] };
    }

    /// <summary>What the look right before this write saw, where the watch has heard of no change since and no other object is wanted. Used once.</summary>
    private StandingObjects? JustSeen(DenyLayout layout, IReadOnlyList<OwnedObject> wanted, ObjectWatch watch) =>
        Interlocked.Exchange(ref _seen, null) is { } seen && ReferenceEquals(seen.Layout, layout) && !watch.Changed && _time.GetElapsedTime(seen.At) < Fresh
        && seen.Objects.Count == wanted.Count && wanted.All(w => seen.Standing.Ours.ContainsKey(w.Key)) ? seen.Standing : null;

    private async Task<ObjectWatch> WatchAsync(DenyLayout layout, bool follow)
    {
        if (_watch is { } other && !other.Follows(layout))
        {
            await other.DisposeAsync();
            _watch = null;
        }

        var watch = _watch ??= new(_api, layout, _time);
        if (follow)
        {
            watch.Start();
        }

        return watch;
    }

    private IReadOnlyList<OwnedObject> Objects(DenyLayout layout, DenyList list) => _rendered.Objects(layout, list);

    private string? Excess(DenyLayout layout, DenyList list)
    {
        var most = Math.Min(_config.Kubernetes.MaxRanges, layout.Way == BlockingWay.NetworkPolicy ? PolicyForm.MaxExcepted : int.MaxValue);
        return list.Ranges.Count <= most ? null : string.Create(CultureInfo.InvariantCulture,
            $"{list.Ranges.Count} addresses and ranges would be denied, and {layout.Place} takes at most {most}{(most == PolicyForm.MaxExcepted ? " (a NetworkPolicy can't be cut into several)" : " (blocking.kubernetes.max_ranges)")}: lift some. What stood before still stands.");
    }

    /// <summary>Where a way that was right is right no longer, it is still good for denying less than before.</summary>
    private async Task<DenyLayout> LayoutAsync(DenyList list, CancellationToken cancellationToken)
    {
        try
        {
            return await LayoutAsync(cancellationToken);
        }
        catch (Exception e) when (e is LayoutException or KubernetesException && _layout is not null && (e is KubernetesException || list.Ranges.All(r => Aggregation.Covered(_written.Ranges, r))))
        {
            return _layout;
        }
    }

    private async Task<DenyLayout> LayoutAsync(CancellationToken cancellationToken)
    {
        await _choosing.WaitAsync(cancellationToken);
        try
        {
            if (_layout is null || _stale || _time.GetElapsedTime(_chosenAt) >= LayoutAge)
            {
                var chosen = await _choose(cancellationToken);
                _lookedAtAll &= _layout is { } before && before.Way == chosen.Way && before.Namespace == chosen.Namespace && before.Group == chosen.Group;
                (_layout, _stale, _chosenAt) = (chosen, false, _time.GetTimestamp());
            }

            return _layout;
        }
        finally
        {
            _choosing.Release();
        }
    }

    /// <summary>After a fault that another form of our objects may not have, the cluster is looked at anew.</summary>
    private void Forget(Exception fault) => _stale |= fault is LayoutException or KubernetesException { Fault: KubernetesFault.NotFound or KubernetesFault.Invalid };

    private static string Sentence(Exception fault)
    {
        var rule = fault is KubernetesException { MissingRule: { } missing } && !fault.Message.Contains(missing, StringComparison.Ordinal) ? $" The right that is lacking: {missing.ReplaceLineEndings(" ").Trim()}" : "";
        return $"{fault.Message.TrimEnd().TrimEnd('.')}.{rule}";
    }

    private string File(DenyList list) => DenyFile.Render(list, _config.EntryPoints, _forwarded);

    private sealed record Seen(DenyLayout Layout, StandingObjects Standing, IReadOnlyList<OwnedObject> Objects, long At);
}
