using System.Globalization;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Client;

/// <param name="Identity">Who we are; different for each replica, as the pod's name.</param>
internal sealed record LeaseTerms(string Namespace, string Name, string Identity)
{
    /// <summary>So long after a holder's last sign of life somebody else may take it.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two tries to renew or to take it.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A holder stops believing so much before others may take it.</summary>
    public TimeSpan Margin { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>
/// One writer among several replicas, by an object that all of them see (coordination.k8s.io). Every change is a replacement of the
/// version that was read, so of two that try at once one loses. Times of other machines are never compared with ours: a holder counts as
/// dead when its record did not change for its duration, by our own clock.
/// </summary>
internal sealed class LeaderLease(IKubernetesApi api, LeaseTerms terms, TimeProvider time)
{
    public static ResourceType Type { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", Namespaced: true);

    private (string Version, long At)? _seen;
    private long? _renewed;

    /// <summary>True: nobody else can hold it now. Ask right before each write.</summary>
    public bool IsHeld => _renewed is { } at && time.GetElapsedTime(at) < terms.Duration - terms.Margin;

    /// <summary>Who holds it, as last read; empty: nobody.</summary>
    public string Holder { get; private set; } = "";

    /// <summary>Takes or renews it, once. False: somebody else has it.</summary>
    /// <exception cref="KubernetesException">The server can't be asked. <see cref="IsHeld"/> stays true until the time is up.</exception>
    public async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var lease = await api.GetAsync(Type, terms.Namespace, terms.Name, cancellationToken)
            ?? await api.ApplyAsync(Type, Empty(), new(), cancellationToken); // all replicas write the same: no race
        var version = (string?)lease["metadata"]?["resourceVersion"] ?? "";
        if (_seen?.Version != version)
        {
            _seen = (version, time.GetTimestamp());
        }

        var spec = lease["spec"] as JsonObject ?? [];
        Holder = (string?)spec["holderIdentity"] ?? "";
        if (Holder.Length > 0 && Holder != terms.Identity && time.GetElapsedTime(_seen.Value.At) < DurationOf(spec))
        {
            _renewed = null;
            return false;
        }

        try
        {
            var written = await api.ReplaceAsync(Type, With(lease, spec, terms.Identity), dryRun: false, cancellationToken);
            _seen = ((string?)written["metadata"]?["resourceVersion"] ?? "", time.GetTimestamp());
            Holder = terms.Identity;

            // From before the call: the others count from when it was written, which was later.
            _renewed = begun;
            return true;
        }
        catch (KubernetesException e) when (e.Fault is KubernetesFault.Conflict or KubernetesFault.NotFound)
        {
            _renewed = null;
            return false;
        }
    }

    /// <summary>Gives it back, so that the next one needn't wait. Best effort: after a fault it ends by itself.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (_renewed is null)
        {
            return;
        }

        _renewed = null;
        try
        {
            if (await api.GetAsync(Type, terms.Namespace, terms.Name, cancellationToken) is { } lease && lease["spec"] is JsonObject spec && (string?)spec["holderIdentity"] == terms.Identity)
            {
                await api.ReplaceAsync(Type, With(lease, spec, ""), dryRun: false, cancellationToken);
                Holder = "";
            }
        }
        catch (KubernetesException)
        {
            // It ends by itself.
        }
    }

    /// <summary>
    /// Leads whenever it holds the lease, without end. The work's token is cancelled when the lease is lost or can't be renewed in time,
    /// and the next try waits until the work has returned. Released when cancelled.
    /// </summary>
    /// <param name="changed">Told of each fault and change in words; for logs.</param>
    public async Task RunAsync(Func<CancellationToken, Task> lead, Action<string> changed, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                if (await TryQuietlyAsync(changed, cancellationToken))
                {
                    changed($"{terms.Identity} leads");
                    await LeadAsync(lead, changed, cancellationToken);
                    changed($"{terms.Identity} leads no more");
                }

                await Task.Delay(terms.Interval, time, cancellationToken);
            }
        }
        finally
        {
            using var short5 = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
            await ReleaseAsync(short5.Token);
        }
    }

    private async Task LeadAsync(Func<CancellationToken, Task> lead, Action<string> changed, CancellationToken cancellationToken)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = lead(lost.Token);
        try
        {
            while (!work.IsCompleted && IsHeld)
            {
                await Task.WhenAny(work, Task.Delay(terms.Interval, time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
                var left = terms.Duration - terms.Margin - time.GetElapsedTime(_renewed!.Value);
                if (work.IsCompleted || left <= TimeSpan.Zero)
                {
                    break;
                }

                // A call that hangs must not outlast the lease.
                using var limit = new CancellationTokenSource(left, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
                await TryQuietlyAsync(changed, either.Token);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await lost.CancelAsync();
            try
            {
                await work;
            }
            catch (OperationCanceledException)
            {
                // As it was told.
            }
        }
    }

    private async Task<bool> TryQuietlyAsync(Action<string> changed, CancellationToken cancellationToken)
    {
        try
        {
            return await TryAsync(cancellationToken);
        }
        catch (KubernetesException e)
        {
            changed(e.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private JsonObject Empty() => new()
    {
        ["apiVersion"] = Type.ApiVersion,
        ["kind"] = Type.Kind,
        ["metadata"] = new JsonObject { ["name"] = terms.Name, ["namespace"] = terms.Namespace, ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "devops-agent" } },
    };

    private JsonObject With(JsonObject lease, JsonObject spec, string holder)
    {
        var changed = (JsonObject)lease.DeepClone();
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        var before = (string?)spec["holderIdentity"] ?? "";
        var isNew = before != holder && holder.Length > 0;
        changed["spec"] = new JsonObject
        {
            ["holderIdentity"] = holder,
            ["leaseDurationSeconds"] = (int)Math.Ceiling(terms.Duration.TotalSeconds),
            ["acquireTime"] = isNew ? now : (string?)spec["acquireTime"] ?? now,
            ["renewTime"] = now,
            ["leaseTransitions"] = ((int?)spec["leaseTransitions"] ?? 0) + (isNew ? 1 : 0),
        };
        return changed;
    }

    private TimeSpan DurationOf(JsonObject spec) => (int?)spec["leaseDurationSeconds"] is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : terms.Duration;
}
