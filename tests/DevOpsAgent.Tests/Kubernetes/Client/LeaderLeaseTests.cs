using System.Globalization;
using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>At no moment do two believe that they hold it, and a dead holder is followed within its duration.</summary>
public sealed class LeaderLeaseTests
{
    private readonly FakeTime _time = new();
    private readonly LeaseServer _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_holds_it_and_keeps_it_by_renewing()
    {
        var (a, b) = (Lease("a"), Lease("b"));
        (await a.TryAsync(Cancellation)).ShouldBeTrue();
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            (await b.TryAsync(Cancellation)).ShouldBeFalse();
            (await a.TryAsync(Cancellation)).ShouldBeTrue();
            (a.IsHeld, b.IsHeld, b.Holder).ShouldBe((true, false, "a"));
        }

        ((int)_server.Lease!["spec"]!["leaseTransitions"]!).ShouldBe(1);
    }

    [Fact]
    public async Task A_dead_holder_has_stopped_believing_before_another_takes_it()
    {
        var (a, b) = (Lease("a"), Lease("b"));
        await a.TryAsync(Cancellation);
        await b.TryAsync(Cancellation);
        for (var second = 1; ; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            if (await b.TryAsync(Cancellation))
            {
                a.IsHeld.ShouldBeFalse();
                second.ShouldBe(10);
                break;
            }
        }

        // Back again, it finds that it lost.
        (await a.TryAsync(Cancellation)).ShouldBeFalse();
        b.IsHeld.ShouldBeTrue();
    }

    [Fact]
    public async Task Clocks_that_differ_by_hours_change_nothing()
    {
        var a = Lease("a");
        await a.TryAsync(Cancellation);
        _time.Jump = TimeSpan.FromHours(5);
        var b = Lease("b");
        (await b.TryAsync(Cancellation)).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(9));
        (await b.TryAsync(Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_lost_race_is_no_lease()
    {
        var (a, b) = (Lease("a"), Lease("b"));
        _server.BeforeReplace = async () =>
        {
            _server.BeforeReplace = null;
            (await b.TryAsync(Cancellation)).ShouldBeTrue();
        };
        (await a.TryAsync(Cancellation)).ShouldBeFalse();
        (a.IsHeld, b.IsHeld).ShouldBe((false, true));
    }

    [Fact]
    public async Task A_released_one_is_taken_at_once()
    {
        var (a, b) = (Lease("a"), Lease("b"));
        await a.TryAsync(Cancellation);
        await a.ReleaseAsync(Cancellation);
        a.IsHeld.ShouldBeFalse();
        (await b.TryAsync(Cancellation)).ShouldBeTrue();
    }

    [Fact]
    public async Task Work_is_stopped_when_the_server_cannot_be_asked_any_more()
    {
        var a = Lease("a");
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource<bool>());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = Task.Run(() => a.RunAsync(async lost =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, lost).ContinueWith(static _ => { }, TaskScheduler.Default);
            ended.TrySetResult(a.IsHeld);
        }, static _ => { }, stop.Token), Cancellation);
        await begun.Task.WaitAsync(Cancellation);
        _server.Down = true;
        var passed = 0;
        while (!ended.Task.IsCompleted)
        {
            if (_time.Waiting > 0)
            {
                _time.Advance(TimeSpan.FromMilliseconds(500));
                passed += 500;
            }

            await Task.Delay(1, Cancellation);
        }

        passed.ShouldBeInRange(6000, 9500); // before the 10 s after which another may take it
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }

    private LeaderLease Lease(string identity) => new(_server, new("traefik", "devops-agent", identity), _time);

    /// <summary>One object with optimistic locking.</summary>
    private sealed class LeaseServer : IKubernetesApi
    {
        private int _version;

        public JsonObject? Lease { get; private set; }

        public bool Down { get; set; }

        public Func<Task>? BeforeReplace { get; set; }

        public string Description => "a test's cluster";

        public Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken) => Down
            ? throw new KubernetesException(KubernetesFault.Unavailable, "down")
            : Task.FromResult((JsonObject?)Lease?.DeepClone());

        public Task<JsonObject> ApplyAsync(ResourceType type, JsonObject wanted, ApplyOptions options, CancellationToken cancellationToken) => Task.FromResult(Store(Lease ?? wanted));

        public async Task<JsonObject> ReplaceAsync(ResourceType type, JsonObject changed, bool dryRun, CancellationToken cancellationToken)
        {
            await (BeforeReplace?.Invoke() ?? Task.CompletedTask);
            return (string?)changed["metadata"]?["resourceVersion"] == (string?)Lease?["metadata"]?["resourceVersion"] ? Store(changed) : throw new KubernetesException(KubernetesFault.Conflict, "changed");
        }

        public Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<ObjectEvent> WatchAsync(ResourceType type, string? ns, Selection selection, string resourceVersion, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> DeleteAsync(ResourceType type, string? ns, string name, DeleteConditions conditions, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> MayAsync(string verb, ResourceType type, string? ns, string? name, CancellationToken cancellationToken) => throw new NotSupportedException();

        private JsonObject Store(JsonObject value)
        {
            Lease = (JsonObject)value.DeepClone();
            Lease["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
            return (JsonObject)Lease.DeepClone();
        }
    }
}
