using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>The running guard: a backend that watches, the engine that judges what it saw, and the policy file that may change.</summary>
internal sealed class GuardService : IAsyncDisposable
{
    private readonly IGuardBackend _backend;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly PolicyWatch? _watch;
    private readonly Action<string, string> _say;
    private IReadOnlyList<UnmetRule> _unmet;

    /// <param name="say">Label and sentence, for the person who reads the service's log.</param>
    /// <param name="watch">Of the policy file; null: it is not read again.</param>
    public GuardService(GuardPolicy policy, IGuardBackend backend, PolicyWatch? watch, TimeProvider time, TimeSpan interval, Action<string, string> say)
    {
        (_backend, _time, _interval, _watch, _say) = (backend, time, interval, watch, say);
        Engine = new(policy, time, backend);
        _unmet = UnmetRule.Of(Engine.Policy, backend.Abilities);
        backend.Load(Engine.Policy);
    }

    public GuardEngine Engine { get; }

    public IGuardBackend Backend => _backend;

    /// <summary>Rules that the backend can't enforce.</summary>
    public IReadOnlyList<UnmetRule> Unmet => Volatile.Read(ref _unmet);

    /// <summary>Called for every event, before it is judged: for recordings.</summary>
    public Action<GuardEvent>? OnEvent { get; set; }

    /// <summary>Called after another policy was taken over.</summary>
    public Action? OnReload { get; set; }

    /// <summary>Watches until cancelled. Ends with an exception only where the backend does.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = Task.Run(() => _backend.RunAsync(stop.Token), CancellationToken.None);
        var reloading = ReloadAsync(stop.Token);
        try
        {
            // The backend ends its stream when it ends, so nothing that it saw is left unjudged.
            await foreach (var seen in _backend.Events.ReadAllAsync(CancellationToken.None))
            {
                OnEvent?.Invoke(seen);
                Engine.Judge(seen);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await reloading;
        }

        await watching;
    }

    /// <summary>Takes the mode over for all processes without one of their own, and says so.</summary>
    public void SetMode(GuardMode mode, string by)
    {
        var before = Engine.Mode;
        Engine.SetMode(mode);
        Volatile.Write(ref _unmet, UnmetRule.Of(Engine.Policy, _backend.Abilities));
        _say("guard", $"mode changed from {before.Word()} to {mode.Word()} by {by}");
        SayUnmet();
    }

    /// <summary>The mode of one process. False: the policy has none of that name.</summary>
    public bool TrySetMode(string process, GuardMode mode, string by)
    {
        if (!Engine.TrySetMode(process, mode))
        {
            return false;
        }

        Volatile.Write(ref _unmet, UnmetRule.Of(Engine.Policy, _backend.Abilities));
        _say("guard", $"mode of {process} changed to {mode.Word()} by {by}");
        return true;
    }

    /// <summary>Names each rule that the backend can't enforce.</summary>
    public void SayUnmet()
    {
        foreach (var sentence in UnmetRule.Sentences(Unmet))
        {
            _say("warning", sentence);
        }
    }

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        if (_watch is null)
        {
            return;
        }

        using var timer = new PeriodicTimer(_interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Reload(_watch);
            }
        }
        catch (OperationCanceledException)
        {
            // The end that was asked for.
        }
    }

    private void Reload(PolicyWatch watch)
    {
        var problems = new List<ConfigProblem>();
        var policy = watch.Look(problems);
        foreach (var problem in problems)
        {
            _say("warning", problem.ToString());
        }

        if (policy is null)
        {
            if (problems.Count > 0)
            {
                _say("guard", "the policy in force was not changed");
            }

            return;
        }

        var compiled = CompiledPolicy.Of(policy);
        var unmet = UnmetRule.Of(compiled, _backend.Abilities);
        if (policy.RequireBlock && unmet.Count > 0)
        {
            _say("warning", $"the new policy has require_block, and the backend {_backend.Name} can't enforce {unmet[0]}; the policy in force was not changed");
            return;
        }

        try
        {
            Engine.Reload(policy);
        }
        catch (InvalidOperationException e)
        {
            _say("warning", $"{e.Message}; the policy in force was not changed");
            return;
        }

        Volatile.Write(ref _unmet, UnmetRule.Of(Engine.Policy, _backend.Abilities));
        _say("guard", $"policy loaded again: {policy.Processes.Count} processes");
        SayUnmet();
        OnReload?.Invoke();
    }
}
