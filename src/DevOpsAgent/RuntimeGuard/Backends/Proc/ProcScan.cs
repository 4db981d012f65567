using System.Globalization;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>One look after the other: which processes are guarded and by what, and what each of them has come to hold since.</summary>
/// <param name="limitsOnly">True: only memory and CPU; all else is somebody else's to see.</param>
internal sealed class ProcScan(ProcTree tree, TimeProvider time, Func<int, long, bool>? kill, bool limitsOnly = false)
{
    private static readonly TimeSpan CpuWindow = TimeSpan.FromSeconds(5);
    private static readonly string[] s_forks = ["clone3", "clone", "fork", "vfork"];
    private static readonly string[] s_moduleCalls = ["init_module", "finit_module"];
    private static readonly string[] s_mountCalls = ["mount", "move_mount"];

    private readonly Dictionary<int, WatchedProcess> _watched = [];

    /// <summary>Processes that no policy is for, by pid: not asked again until they execute something or the policy changes.</summary>
    private readonly Dictionary<int, (long StartTicks, string Exe)> _others = [];

    private CompiledPolicy? _policy;
    private IReadOnlySet<string>? _modules;
    private Action<GuardEvent> _tell = static _ => { };

    /// <returns>Guarded processes by policy.</returns>
    public IReadOnlyDictionary<string, int> Run(CompiledPolicy policy, Action<GuardEvent> tell)
    {
        _tell = tell;
        if (!ReferenceEquals(policy, _policy))
        {
            _policy = policy;
            _others.Clear();
            foreach (var watched in _watched.Values)
            {
                watched.Forget();
                watched.Policy = Select(policy, watched.Pid, watched.Exe)?.Policy.Name ?? watched.Policy;
            }
        }

        var stats = new Dictionary<int, ProcStat>();
        foreach (var pid in tree.Pids())
        {
            if (tree.Stat(pid) is { } stat)
            {
                stats[pid] = stat;
            }
        }

        foreach (var gone in _watched.Values.Where(w => !stats.TryGetValue(w.Pid, out var s) || s.StartTicks != w.StartTicks || !policy.ByName.ContainsKey(w.Policy)).ToList())
        {
            _watched.Remove(gone.Pid);
        }

        foreach (var gone in _others.Where(o => !stats.TryGetValue(o.Key, out var s) || s.StartTicks != o.Value.StartTicks).ToList())
        {
            _others.Remove(gone.Key);
        }

        // Parents first, whatever their number: numbers start again from 1.
        var asked = new HashSet<int>();
        foreach (var stat in stats.Values)
        {
            Recognise(stat, stats, policy, asked);
        }

        var sockets = new Dictionary<string, ProcSockets>(StringComparer.Ordinal);
        foreach (var watched in _watched.Values.ToList())
        {
            Inspect(watched, policy.ByName[watched.Policy], stats[watched.Pid], sockets);
        }

        if (!limitsOnly)
        {
            LookForModules(policy);
        }

        return _watched.Values.GroupBy(static w => w.Policy, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Count(), StringComparer.Ordinal);
    }

    /// <summary>Which policy a process is under: by its selectors; else that of its parent, which it keeps whatever it executes.</summary>
    private void Recognise(ProcStat stat, Dictionary<int, ProcStat> stats, CompiledPolicy policy, HashSet<int> asked)
    {
        if (!asked.Add(stat.Pid))
        {
            return;
        }

        if (stats.TryGetValue(stat.ParentPid, out var parentStat))
        {
            Recognise(parentStat, stats, policy, asked);
        }

        var exe = tree.Exe(stat.Pid);
        var known = _watched.GetValueOrDefault(stat.Pid);
        if (exe.Length == 0 || known is not null && known.Exe == exe || _others.TryGetValue(stat.Pid, out var other) && other.Exe == exe)
        {
            return;
        }

        var parent = known ?? _watched.GetValueOrDefault(stat.ParentPid);
        var own = Select(policy, stat.Pid, exe);
        if (own is null && parent is null)
        {
            _others[stat.Pid] = (stat.StartTicks, exe);
            return;
        }

        _others.Remove(stat.Pid);

        var watched = known ?? new WatchedProcess(stat.Pid, stat.StartTicks, "", exe);
        if (parent is not null && !limitsOnly)
        {
            if (known is null)
            {
                Tell(watched, parent.Policy, GuardEventKind.Syscall, Blocked(policy, parent.Policy, s_forks) ?? "clone", "a new child, seen after the fact");
            }

            if (parent.Exe != exe)
            {
                Tell(watched, parent.Policy, GuardEventKind.Exec, exe, "/proc/PID/exe, seen after the fact");
            }
        }

        watched.Exe = exe;
        watched.Policy = own?.Policy.Name ?? parent!.Policy;
        _watched[stat.Pid] = watched;
    }

    private void Inspect(WatchedProcess watched, ProcessRules rules, ProcStat stat, Dictionary<string, ProcSockets> sockets)
    {
        if (limitsOnly)
        {
            Memory(watched, rules, stat);
            Cpu(watched, rules, stat);
            return;
        }

        foreach (var file in tree.Mappings(watched.Pid).Where(static f => !f.StartsWith("/memfd:", StringComparison.Ordinal) && !f.StartsWith("/dev/zero", StringComparison.Ordinal) && !f.StartsWith("/SYSV", StringComparison.Ordinal)))
        {
            Tell(watched, watched.Policy, GuardEventKind.File, file, "mapped, seen after the fact");
        }

        foreach (var target in tree.Descriptors(watched.Pid))
        {
            if (target[0] == '/' && !target.StartsWith("/memfd:", StringComparison.Ordinal))
            {
                Tell(watched, watched.Policy, GuardEventKind.File, target, "open descriptor, seen after the fact");
            }
            else if (target.StartsWith("socket:[", StringComparison.Ordinal) && long.TryParse(target.AsSpan(8).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
            {
                Socket(watched, inode, sockets);
            }
            else if (target.Contains("io_uring", StringComparison.Ordinal))
            {
                Tell(watched, watched.Policy, GuardEventKind.Syscall, "io_uring_setup", "open ring, seen after the fact");
            }
        }

        var tracer = tree.Status(watched.Pid).TracerPid;
        if (tracer != 0)
        {
            Tell(watched, watched.Policy, GuardEventKind.Protect, "ptrace", $"traced by process {tracer}, seen after the fact");
            if (_watched.TryGetValue(tracer, out var guardedTracer))
            {
                Tell(guardedTracer, guardedTracer.Policy, GuardEventKind.Syscall, "ptrace", $"traces process {watched.Pid}, seen after the fact");
            }
        }

        if (Blocked(rules, s_mountCalls) is { } mountCall)
        {
            var mounts = tree.Mounts(watched.Pid);
            foreach (var mount in watched.Mounts is null ? [] : mounts.Except(watched.Mounts, StringComparer.Ordinal))
            {
                Tell(watched, watched.Policy, GuardEventKind.Syscall, mountCall, $"{mount[(mount.IndexOf(' ', StringComparison.Ordinal) + 1)..]} appeared among its mounts; by whom is not known", repeat: true);
            }

            watched.Mounts = mounts;
        }

        Memory(watched, rules, stat);
        Cpu(watched, rules, stat);
    }

    private void Socket(WatchedProcess watched, long inode, Dictionary<string, ProcSockets> cache)
    {
        var space = tree.NetworkNamespace(watched.Pid);
        if (!cache.TryGetValue(space, out var sockets))
        {
            cache[space] = sockets = tree.Sockets(watched.Pid);
        }

        if (sockets.Find(inode) is not { } socket)
        {
            return; // a Unix socket, or closed since
        }

        Tell(watched, watched.Policy, GuardEventKind.Syscall, "socket", socket.Raw ? "raw socket, seen after the fact" : "open socket, seen after the fact");
        if (socket.Target is { } target)
        {
            var listens = target.Direction == NetworkDirection.Listen;
            Tell(watched, watched.Policy, GuardEventKind.Syscall, listens ? "bind" : "connect", "open socket, seen after the fact");
            Tell(watched, watched.Policy, listens ? GuardEventKind.Listen : GuardEventKind.Connect, target.ToString(), "open socket, seen after the fact");
        }
    }

    private void Memory(WatchedProcess watched, ProcessRules rules, ProcStat stat)
    {
        var megabytes = (int)Math.Min(int.MaxValue, stat.ResidentPages * Environment.SystemPageSize >> 20);
        var exceeds = rules.ExceedsMemory(megabytes);
        var due = exceeds && (!watched.MemoryExceeded || watched.Unkilled);
        if (due || megabytes > watched.PeakMemory)
        {
            Resource(watched, rules, GuardEventKind.Memory, megabytes, due, "sampled resident memory");
        }

        watched.PeakMemory = Math.Max(watched.PeakMemory, megabytes);
        watched.MemoryExceeded = exceeds;
    }

    private void Cpu(WatchedProcess watched, ProcessRules rules, ProcStat stat)
    {
        var now = time.GetTimestamp();
        if (watched.Cpu is { } last && time.GetElapsedTime(last.At, now) is var passed && passed < CpuWindow)
        {
            return;
        }

        if (watched.Cpu is { } from)
        {
            var percent = (int)((stat.CpuTicks - from.Ticks) / time.GetElapsedTime(from.At, now).TotalSeconds);
            var exceeds = rules.ExceedsCpu(percent);
            var due = exceeds && (!watched.CpuExceeded || watched.Unkilled);
            if (due || percent > watched.PeakCpu)
            {
                Resource(watched, rules, GuardEventKind.Cpu, percent, due, "sampled over 5 s");
            }

            watched.PeakCpu = Math.Max(watched.PeakCpu, percent);
            watched.CpuExceeded = exceeds;
        }

        watched.Cpu = (stat.CpuTicks, now);
    }

    private void Resource(WatchedProcess watched, ProcessRules rules, GuardEventKind kind, int value, bool exceeds, string method)
    {
        var must = exceeds && rules.Mode == GuardMode.Enforce && kill is not null;
        var killed = must && kill!(watched.Pid, watched.StartTicks);
        watched.Unkilled = must && !killed;
        _tell(new()
        {
            Time = time.GetUtcNow(), Process = watched.Policy, Pid = watched.Pid, Kind = kind, Value = value,
            Method = method + (killed ? ", killed" : ""), Outcome = killed ? "killed" : null,
        });
    }

    private void LookForModules(CompiledPolicy policy)
    {
        var modules = tree.Modules();
        foreach (var module in _modules is null ? [] : modules.Except(_modules, StringComparer.Ordinal))
        {
            foreach (var name in _watched.Values.Select(static w => w.Policy).Distinct(StringComparer.Ordinal))
            {
                if (Blocked(policy, name, s_moduleCalls) is { } call)
                {
                    _tell(new() { Time = time.GetUtcNow(), Process = name, Pid = 0, Kind = GuardEventKind.Syscall, Subject = call, Method = $"module {module} appeared; by whom is not known" });
                }
            }
        }

        _modules = modules;
    }

    private void Tell(WatchedProcess watched, string policy, GuardEventKind kind, string subject, string method, bool repeat = false)
    {
        if (repeat || watched.IsNew(kind, subject))
        {
            _tell(new() { Time = time.GetUtcNow(), Process = policy, Pid = watched.Pid, Kind = kind, Subject = subject, Method = method });
        }
    }

    private ProcessRules? Select(CompiledPolicy policy, int pid, string exe) => policy.Select(exe, tree.Cgroup(pid), tree.Status(pid).Uid);

    private static string? Blocked(CompiledPolicy policy, string name, string[] calls) => policy.ByName.TryGetValue(name, out var rules) ? Blocked(rules, calls) : null;

    private static string? Blocked(ProcessRules rules, string[] calls) => calls.FirstOrDefault(rules.Blocks);
}
