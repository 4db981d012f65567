using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Channels;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Backends;

/// <summary>
/// The audit-only monitoring of the Go document, for systems without /proc: which guarded processes run, their memory and their
/// CPU, through System.Diagnostics. Sees no files, no network and no system calls; knows neither cgroups nor users.
/// </summary>
internal sealed class ProcessBackend(TimeProvider time, TimeSpan interval) : IGuardBackend
{
    private static readonly TimeSpan CpuWindow = TimeSpan.FromSeconds(5);

    private readonly EventQueue _queue = new();
    private readonly Dictionary<int, Sample> _samples = [];
    private CompiledPolicy? _policy;
    private IReadOnlyDictionary<string, int> _guarded = new Dictionary<string, int>(StringComparer.Ordinal);

    public string Name => "process";

    public BackendAbilities Abilities { get; } = new()
    {
        Files = Enforcement.None,
        Exec = Enforcement.None,
        Connect = Enforcement.None,
        Listen = Enforcement.None,
        Memory = Enforcement.Observe,
        Cpu = Enforcement.Observe,
        Syscalls = new Dictionary<string, Enforcement>(StringComparer.Ordinal),
        OtherSyscalls = Enforcement.None,
        Protections = new Dictionary<string, Enforcement>(StringComparer.Ordinal),
    };

    public ChannelReader<GuardEvent> Events => _queue.Reader;

    public BackendLosses Losses => new(0, _queue.Lost);

    public IReadOnlyDictionary<string, int> Guarded => Volatile.Read(ref _guarded);

    public void Load(CompiledPolicy policy) => Volatile.Write(ref _policy, policy);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
            {
                Look();
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The end that was asked for.
        }
        finally
        {
            _queue.Complete();
        }
    }

    /// <summary>One look at all processes.</summary>
    public void Look()
    {
        if (Volatile.Read(ref _policy) is not { } policy)
        {
            return;
        }

        var guarded = new Dictionary<string, int>(StringComparer.Ordinal);
        var alive = new HashSet<int>();
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                if (Select(process, policy) is { } rules)
                {
                    guarded[rules.Policy.Name] = guarded.GetValueOrDefault(rules.Policy.Name) + 1;
                    alive.Add(process.Id);
                    Inspect(process, rules);
                }
            }
        }

        foreach (var gone in _samples.Keys.Where(p => !alive.Contains(p)).ToList())
        {
            _samples.Remove(gone);
        }

        Volatile.Write(ref _guarded, guarded);
    }

    public ValueTask DisposeAsync()
    {
        _queue.Complete();
        return ValueTask.CompletedTask;
    }

    private static ProcessRules? Select(Process process, CompiledPolicy policy)
    {
        string? path = null;
        try
        {
            path = process.MainModule?.FileName;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or NotSupportedException)
        {
            // Gone, or not ours to look into.
        }

        return path is null ? null : policy.Select(OperatingSystem.IsWindows() ? "/" + path.Replace('\\', '/').Replace(".exe", "", StringComparison.OrdinalIgnoreCase) : path, "", -1);
    }

    private void Inspect(Process process, ProcessRules rules)
    {
        try
        {
            var sample = _samples.TryGetValue(process.Id, out var known) && known.Start == process.StartTime ? known : _samples[process.Id] = new(process.StartTime);
            var megabytes = (int)Math.Min(int.MaxValue, process.WorkingSet64 >> 20);
            if (rules.ExceedsMemory(megabytes) != sample.MemoryExceeded)
            {
                sample.MemoryExceeded = !sample.MemoryExceeded;
                Tell(sample.MemoryExceeded, rules, process.Id, GuardEventKind.Memory, megabytes, "sampled working set");
            }

            var now = time.GetTimestamp();
            var used = process.TotalProcessorTime;
            if (sample.Cpu is not { } last)
            {
                sample.Cpu = (used, now);
            }
            else if (time.GetElapsedTime(last.At, now) is var passed && passed >= CpuWindow)
            {
                var percent = (int)((used - last.Used).TotalSeconds / passed.TotalSeconds * 100);
                if (rules.ExceedsCpu(percent) != sample.CpuExceeded)
                {
                    sample.CpuExceeded = !sample.CpuExceeded;
                    Tell(sample.CpuExceeded, rules, process.Id, GuardEventKind.Cpu, percent, "sampled over 5 s");
                }

                sample.Cpu = (used, now);
            }
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or NotSupportedException)
        {
            // It ended meanwhile.
        }
    }

    private void Tell(bool exceeded, ProcessRules rules, int pid, GuardEventKind kind, int value, string method)
    {
        if (exceeded)
        {
            _queue.Add(new() { Time = time.GetUtcNow(), Process = rules.Policy.Name, Pid = pid, Kind = kind, Value = value, Method = method });
        }
    }

    private sealed class Sample(DateTime start)
    {
        public DateTime Start { get; } = start;
        public bool MemoryExceeded { get; set; }
        public bool CpuExceeded { get; set; }
        public (TimeSpan Used, long At)? Cpu { get; set; }
    }
}
