using System.Text;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>
/// Judges what processes do by the policy in force, counts, and tells violations to whoever asked for them. A check that is
/// fine allocates nothing and takes no lock; policy and mode change between two checks, never within one.
/// </summary>
/// <param name="backend">Whose events these are; null: whoever calls a check acts on its answer (action is then what the mode asks for).</param>
internal sealed class GuardEngine(GuardPolicy policy, TimeProvider time, IGuardBackend? backend = null)
{
    private readonly GuardCounters _counters = new(time.GetUtcNow());
    private readonly Lock _gate = new();
    private readonly Dictionary<string, GuardMode> _modes = new(StringComparer.Ordinal);
    private GuardMode? _mode;
    private CompiledPolicy _policy = CompiledPolicy.Of(policy);
    private Action<Violation>[] _handlers = [];

    public CompiledPolicy Policy => Volatile.Read(ref _policy);

    public GuardMode Mode => Policy.Mode;

    public GuardStats Stats => _counters.Snapshot();

    /// <summary>Called for each violation, on the thread that found it. What it throws is counted and doesn't reach the check.</summary>
    public void OnViolation(Action<Violation> handler)
    {
        lock (_gate)
        {
            _handlers = [.. _handlers, handler];
        }
    }

    /// <summary>Of all processes whose policy has no mode of its own. Stays through reloads.</summary>
    public void SetMode(GuardMode mode)
    {
        lock (_gate)
        {
            _mode = mode;
            Take(Policy.In(mode, _modes));
        }
    }

    /// <summary>Of one process, whatever its policy says. False: there is no such policy.</summary>
    public bool TrySetMode(string process, GuardMode mode)
    {
        lock (_gate)
        {
            if (!Policy.ByName.ContainsKey(process))
            {
                return false;
            }

            _modes[process] = mode;
            Take(Policy.In(Policy.Mode, _modes));
            return true;
        }
    }

    /// <summary>The rules of another policy; modes set at run time stay.</summary>
    public void Reload(GuardPolicy policy)
    {
        var compiled = CompiledPolicy.Of(policy);
        lock (_gate)
        {
            Take(compiled.In(_mode ?? policy.Mode, _modes));
        }
    }

    public Violation? CheckSyscall(string process, int pid, string syscall) =>
        !TryRules(process, out var rules) || !rules.Blocks(syscall) ? null
        : Violate(rules, pid, GuardEventKind.Syscall, syscall, Reason.Syscall(rules.Policy, syscall));

    /// <summary>Somebody does to a guarded process what it is protected from.</summary>
    public Violation? CheckProtection(string process, int pid, string syscall) =>
        !TryRules(process, out var rules) || !rules.ProtectsFrom(syscall) ? null
        : Violate(rules, pid, GuardEventKind.Protect, syscall, Reason.Protected(rules.Policy, syscall));

    public Violation? CheckFileAccess(string process, int pid, string path) =>
        !TryRules(process, out var rules) || rules.JudgeFile(path) is not (var denial and not Denial.None) ? null
        : File(rules, pid, path, denial);

    /// <summary>The same for a path as the kernel gives it.</summary>
    public Violation? CheckFileAccess(string process, int pid, ReadOnlySpan<byte> path) =>
        !TryRules(process, out var rules) || rules.JudgeFile(path) is not (var denial and not Denial.None) ? null
        : File(rules, pid, Encoding.UTF8.GetString(path), denial);

    /// <summary>Whether a process may run a program; blocked_syscalls with execve forbids it altogether.</summary>
    public Violation? CheckExec(string process, int pid, string path)
    {
        if (!TryRules(process, out var rules))
        {
            return null;
        }

        if (rules.Blocks("execve"))
        {
            return Violate(rules, pid, GuardEventKind.Exec, path, Reason.Syscall(rules.Policy, "execve"));
        }

        var denial = rules.JudgeExec(Encoding.UTF8.GetBytes(path));
        return denial == Denial.None ? null : Violate(rules, pid, GuardEventKind.Exec, path, Reason.Exec(rules.Policy, path, denial));
    }

    public Violation? CheckNetwork(string process, int pid, in NetworkTarget target) =>
        !TryRules(process, out var rules) || rules.JudgeNetwork(target) is not (var denial and not Denial.None) ? null
        : Network(rules, pid, target.ToString(), target, denial);

    /// <summary>"10.0.0.1:443"; with "listen " before it, waiting for others. What is no address is denied wherever anything is.</summary>
    public Violation? CheckNetwork(string process, int pid, string address)
    {
        if (!TryRules(process, out var rules))
        {
            return null;
        }

        if (!NetworkTarget.TryParse(address, out var target))
        {
            return Network(rules, pid, address, null, rules.Policy.AllowedNetwork.Count == 0 ? Denial.NoNetwork : Denial.Unresolvable);
        }

        var denial = rules.JudgeNetwork(target);
        return denial == Denial.None ? null : Network(rules, pid, target.ToString(), target, denial);
    }

    public Violation? CheckMemory(string process, int pid, int memoryMb) =>
        !TryRules(process, out var rules) || !rules.ExceedsMemory(memoryMb) ? null
        : Violate(rules, pid, GuardEventKind.Memory, "", Reason.Memory(rules.Policy, memoryMb));

    public Violation? CheckCpu(string process, int pid, int percent) =>
        !TryRules(process, out var rules) || !rules.ExceedsCpu(percent) ? null
        : Violate(rules, pid, GuardEventKind.Cpu, "", Reason.Cpu(rules.Policy, percent));

    /// <summary>Judges what a backend saw. Null: fine, or nobody's business.</summary>
    public Violation? Judge(GuardEvent seen)
    {
        if (!TryRules(seen.Process, out var rules))
        {
            return null;
        }

        // A backend in the kernel may have acted by the rules before the last reload: what was done is never left out.
        var reason = ReasonOf(rules, seen) ?? (seen.Outcome is null ? null : Reason.Before(seen));
        return reason is null ? null : Violate(rules, seen.Pid, seen.Kind, seen.Subject, reason, seen);
    }

    private static Reason? ReasonOf(ProcessRules rules, GuardEvent seen)
    {
        var policy = rules.Policy;
        switch (seen.Kind)
        {
            case GuardEventKind.Syscall:
                return rules.Blocks(seen.Subject) ? Reason.Syscall(policy, seen.Subject) : null;
            case GuardEventKind.Protect:
                return rules.ProtectsFrom(seen.Subject) ? Reason.Protected(policy, seen.Subject) : null;
            case GuardEventKind.File:
                return rules.JudgeFile(seen.Subject) is var file and not Denial.None ? Reason.File(policy, seen.Subject, file) : null;
            case GuardEventKind.Exec:
                return rules.Blocks("execve") ? Reason.Syscall(policy, "execve")
                    : rules.JudgeExec(Encoding.UTF8.GetBytes(seen.Subject)) is var exec and not Denial.None ? Reason.Exec(policy, seen.Subject, exec)
                    : null;
            case GuardEventKind.Connect or GuardEventKind.Listen:
                var known = NetworkTarget.TryParse((seen.Kind == GuardEventKind.Listen ? "listen " : "connect ") + seen.Subject, out var target);
                var denial = known ? rules.JudgeNetwork(target) : policy.AllowedNetwork.Count == 0 ? Denial.NoNetwork : Denial.Unresolvable;
                return denial == Denial.None ? null : Reason.Network(policy, seen.Subject, known ? target : null, denial);
            case GuardEventKind.Memory:
                return rules.ExceedsMemory(seen.Value) ? Reason.Memory(policy, seen.Value) : null;
            default:
                return rules.ExceedsCpu(seen.Value) ? Reason.Cpu(policy, seen.Value) : null;
        }
    }

    private Violation File(ProcessRules rules, int pid, string path, Denial denial)
    {
        if (denial == Denial.Unresolvable)
        {
            _counters.Unresolved();
        }

        return Violate(rules, pid, GuardEventKind.File, path, Reason.File(rules.Policy, path, denial));
    }

    private Violation Network(ProcessRules rules, int pid, string text, NetworkTarget? target, Denial denial) =>
        Violate(rules, pid, target is { Direction: NetworkDirection.Listen } ? GuardEventKind.Listen : GuardEventKind.Connect, text, Reason.Network(rules.Policy, text, target, denial));

    private bool TryRules(string process, out ProcessRules rules)
    {
        if (Policy.ByName.TryGetValue(process, out rules!))
        {
            _counters.Event();
            return true;
        }

        _counters.Unknown();
        return false;
    }

    private Violation Violate(ProcessRules rules, int pid, GuardEventKind kind, string subject, Reason reason, GuardEvent? seen = null)
    {
        var would = rules.Mode.Action();
        var violation = new Violation(
            seen?.Time ?? time.GetUtcNow(),
            rules.Policy.Name,
            pid,
            reason.Type,
            reason.Detail,
            reason.Severity,
            Action: seen?.Outcome ?? ActionOf(would, kind, subject),
            rules.Mode.Word(),
            would,
            backend?.Name ?? "check",
            seen?.Method ?? "",
            reason.Rule) { Line = reason.Line };
        _counters.Count(violation);
        foreach (var handler in Volatile.Read(ref _handlers))
        {
            try
            {
                handler(violation);
            }
            catch (Exception)
            {
                _counters.HandlerFault();
            }
        }

        return violation;
    }

    /// <summary>A backend that can't stop something must not say that it did.</summary>
    private string ActionOf(string would, GuardEventKind kind, string subject) =>
        would != "blocked" || backend is null || backend.Abilities.Of(kind, subject) == Enforcement.Block ? would : "alerted";

    private void Take(CompiledPolicy policy)
    {
        backend?.Load(policy); // first: what it can't take is not in force
        Volatile.Write(ref _policy, policy);
    }
}
