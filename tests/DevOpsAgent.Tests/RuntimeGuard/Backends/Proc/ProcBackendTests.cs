using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Tests.RuntimeGuard.Backends.Proc;

/// <summary>The column "/proc polling" of the contract, cell by cell, on a tree that looks like /proc.</summary>
public sealed class ProcBackendTests : IDisposable
{
    private readonly FakeProc _proc = new();
    private readonly FakeTime _time = new();
    private readonly List<(int Pid, long Start)> _killed = [];

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Open_files_and_mapped_ones()
    {
        _proc.Add(10, 1, "/opt/app").Fd(10, 0, "/dev/null").Fd(10, 3, "/etc/shadow").Fd(10, 4, "/var/gone (deleted)").Fd(10, 5, "pipe:[7]")
            .Write(10, "maps", "7f00-7f01 r-xp 00000000 fe:00 12    /usr/lib/libc.so.6\n7f01-7f02 rw-p 00000000 00:00 0\n7f03-7f04 rw-s 00000000 00:01 9   /memfd:x (deleted)\n");
        Subjects(Look("{}"), GuardEventKind.File).ShouldBe(["/usr/lib/libc.so.6", "/dev/null", "/etc/shadow", "/var/gone"], ignoreOrder: true);
    }

    [Fact]
    public void Sockets_connect_listen_and_accepted_ones()
    {
        _proc.Add(10, 1, "/opt/app").Fd(10, 3, "socket:[101]").Fd(10, 4, "socket:[102]").Fd(10, 5, "socket:[103]").Fd(10, 6, "socket:[104]").Fd(10, 7, "socket:[105]").Fd(10, 8, "socket:[999]")
            .Write(10, "net/tcp", """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1
               1: 0100007F:01BB 0200007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 102 1
               2: 0100007F:C350 0302010A:0050 01 00000000:00000000 00:00000000 00000000     0        0 103 1
              """)
            .Write(10, "net/tcp6", """
              sl
               0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 104 1
              """)
            .Write(10, "net/udp", "sl\n 0: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 105 1\n");
        var events = Look("{}");
        Subjects(events, GuardEventKind.Listen).ShouldBe(["0.0.0.0:443", "[::]:8080", "0.0.0.0:53"], ignoreOrder: true);
        Subjects(events, GuardEventKind.Connect).ShouldBe(["10.1.2.3:80"]);
        Subjects(events, GuardEventKind.Syscall).ShouldBe(["socket", "bind", "connect"], ignoreOrder: true);
    }

    [Fact]
    public void Raw_sockets_and_rings()
    {
        _proc.Add(10, 1, "/opt/app").Fd(10, 3, "socket:[7]").Fd(10, 4, "anon_inode:[io_uring]").Write(10, "net/raw", "sl\n 1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2\n");
        Subjects(Look("{}"), GuardEventKind.Syscall).ShouldBe(["socket", "io_uring_setup"]);
    }

    [Fact]
    public void A_tracer_is_seen_from_both_sides()
    {
        _proc.Add(10, 1, "/opt/app", tracer: 11).Add(11, 1, "/opt/app");
        var events = Look("{protect_from: [ptrace], blocked_syscalls: [ptrace]}");
        events.ShouldContain(static e => e.Kind == GuardEventKind.Protect && e.Pid == 10);
        events.ShouldContain(static e => e.Kind == GuardEventKind.Syscall && e.Subject == "ptrace" && e.Pid == 11);
    }

    [Fact]
    public void Children_inherit_whatever_they_execute_also_when_they_ran_before()
    {
        // The parent has the higher number: pids start again from 1.
        _proc.Add(10, 20, "/bin/sh").Add(20, 1, "/opt/app").Add(5, 10, "/usr/bin/curl").Add(30, 1, "/bin/sh");
        var backend = Backend("{allowed_exec: [], blocked_syscalls: [fork]}");
        backend.Look();
        var events = Drain(backend);
        events.Where(static e => e.Kind == GuardEventKind.Exec).Select(static e => (e.Pid, e.Subject)).ShouldBe([(10, "/bin/sh"), (5, "/usr/bin/curl")]);
        events.Where(static e => e is { Kind: GuardEventKind.Syscall, Subject: "fork" }).Select(static e => e.Pid).ShouldBe([10, 5]);
        backend.Guarded["app"].ShouldBe(3);
    }

    [Fact]
    public void An_executable_that_changes_is_an_exec_and_keeps_its_policy()
    {
        _proc.Add(10, 1, "/opt/app");
        var backend = Backend("{allowed_exec: []}");
        backend.Look();
        Drain(backend);
        _proc.Add(10, 1, "/bin/sh");
        backend.Look();
        Drain(backend).ShouldContain(static e => e.Kind == GuardEventKind.Exec && e.Subject == "/bin/sh");
        backend.Guarded["app"].ShouldBe(1);
    }

    [Fact]
    public void A_pid_that_goes_to_another_process_is_that_process()
    {
        _proc.Add(10, 1, "/opt/app");
        var backend = Backend("{}");
        backend.Look();
        backend.Guarded["app"].ShouldBe(1);
        _proc.Add(10, 1, "/bin/other", start: 200);
        backend.Look();
        backend.Guarded.ShouldBeEmpty();
    }

    [Fact]
    public void Each_thing_is_told_once_and_again_after_a_reload()
    {
        _proc.Add(10, 1, "/opt/app").Fd(10, 3, "/etc/shadow");
        var backend = Backend("{}");
        backend.Look();
        backend.Look();
        Subjects(Drain(backend), GuardEventKind.File).ShouldBe(["/etc/shadow"]);
        backend.Load(CompiledPolicy.Of(Policy("{}")));
        backend.Look();
        Subjects(Drain(backend), GuardEventKind.File).ShouldBe(["/etc/shadow"]);
    }

    [Fact]
    public void Memory_above_the_limit_is_told_once_and_killed_only_in_mode_enforce()
    {
        _proc.Add(10, 1, "/opt/app", pages: 300L * (1 << 20) / Environment.SystemPageSize);
        Look("{max_memory_mb: 200, mode: alert}").Where(static e => e.Kind == GuardEventKind.Memory).ShouldHaveSingleItem().Value.ShouldBe(300);
        _killed.ShouldBeEmpty();
        var killed = Look("{max_memory_mb: 200}").Single(static e => e.Kind == GuardEventKind.Memory);
        (killed.Outcome, _killed.Single()).ShouldBe(("killed", (10, 100L)));
    }

    [Fact]
    public void Cpu_is_measured_over_five_seconds()
    {
        _proc.Add(10, 1, "/opt/app", cpuTicks: 1000);
        var backend = Backend("{max_cpu_percent: 80, mode: alert}");
        backend.Look();
        _time.Advance(TimeSpan.FromSeconds(2));
        _proc.Add(10, 1, "/opt/app", cpuTicks: 1200);
        backend.Look();
        Drain(backend).ShouldNotContain(static e => e.Kind == GuardEventKind.Cpu);
        _time.Advance(TimeSpan.FromSeconds(3));
        _proc.Add(10, 1, "/opt/app", cpuTicks: 1450);
        backend.Look();
        Drain(backend).Single(static e => e.Kind == GuardEventKind.Cpu).Value.ShouldBe(90);
    }

    [Fact]
    public void New_modules_and_mounts_are_seen_and_nobody_is_accused()
    {
        _proc.Add(10, 1, "/opt/app").Modules("ext4 1 0 - Live 0x0\n").Write(10, "mountinfo", "36 35 98:0 / / rw - ext4 /dev/x rw\n");
        var backend = Backend("{blocked_syscalls: [finit_module, mount]}");
        backend.Look();
        Drain(backend);
        _proc.Modules("ext4 1 0 - Live 0x0\nrootkit 1 0 - Live 0x0\n").Write(10, "mountinfo", "36 35 98:0 / / rw - ext4 /dev/x rw\n40 36 0:9 / /mnt rw - tmpfs t rw\n");
        backend.Look();
        var events = Drain(backend);
        events.Single(static e => e.Subject == "finit_module").ShouldSatisfyAllConditions(static e => e.Pid.ShouldBe(0), static e => e.Method.ShouldBe("module rootkit appeared; by whom is not known"));
        events.Single(static e => e.Subject == "mount").Method.ShouldBe("/mnt appeared among its mounts; by whom is not known");
    }

    [Fact]
    public void Selectors_by_cgroup_unit_and_user()
    {
        _proc.Add(10, 1, "/usr/bin/python3", cgroup: "/system.slice/app.service").Add(11, 1, "/usr/bin/python3", cgroup: "/user.slice").Add(12, 1, "/usr/bin/python3", uid: 1000, cgroup: "/user.slice");
        var policy = PolicyText.Read("processes:\n  a: {unit: app.service, exe: /usr/bin/python3}\n  b: {uid: 1000}\n  c: {cgroup: /user.slice}\n");
        var backend = new ProcBackend(new ProcTree(_proc.Root), _time, TimeSpan.FromSeconds(1), null);
        backend.Load(CompiledPolicy.Of(policy));
        backend.Look();
        backend.Guarded.OrderBy(static g => g.Key).Select(static g => (g.Key, g.Value)).ShouldBe([("a", 1), ("c", 2)], "b and c both fit the third; a cgroup says more than a user");
    }

    [Fact]
    public void Processes_that_end_while_they_are_read_and_files_with_nonsense_are_passed_over()
    {
        _proc.Add(10, 1, "/opt/app").Add(11, 1, "/opt/app").Write(11, "stat", "nonsense").Write(10, "status", "Uid:").Write(10, "net/tcp", "a b c\n").Fd(10, 3, "socket:[x]").Fd(10, 4, "socket:[");
        var backend = Backend("{}");
        backend.Look();
        _proc.End(10);
        backend.Look();
        backend.Guarded.ShouldBeEmpty();
    }

    [Fact]
    public void A_rule_that_it_can_not_enforce_is_named()
    {
        var unmet = UnmetRule.Of(CompiledPolicy.Of(PolicyText.App("blocked_syscalls: [ptrace, bpf]\nprotect_from: [process_vm_readv]\nallowed_network: [\"*\"]\nblocked_files: [/etc/shadow]\nmax_memory_mb: 5")), ProcAbilities.Of(canKill: true));
        unmet.Select(static u => (u.Key, u.Rule, u.Instead)).ShouldBe(
        [
            ("blocked_syscalls", "ptrace", Enforcement.Observe), ("blocked_syscalls", "bpf", Enforcement.None), ("protect_from", "process_vm_readv", Enforcement.None),
            ("blocked_files", "/etc/shadow", Enforcement.Observe), ("allowed_network", "*", Enforcement.Observe), ("max_memory_mb", "5", Enforcement.KillLate),
        ]);
        UnmetRule.Of(CompiledPolicy.Of(PolicyText.App("blocked_syscalls: [ptrace, bpf]\nallowed_network: [\"*\"]", "audit")), ProcAbilities.Of(canKill: true)).Select(static u => u.Rule).ShouldBe(["bpf"], "what is observed is all that audit asks for");
    }

    [Fact]
    public void A_full_queue_is_counted_and_stops_nobody()
    {
        var queue = new EventQueue(capacity: 2);
        for (var i = 0; i < 5; i++)
        {
            queue.Add(new());
        }

        queue.Lost.ShouldBe(3);
    }

    private static GuardPolicy Policy(string app) => PolicyText.Read($"mode: enforce\nprocesses:\n  app: {app}\n");

    private ProcBackend Backend(string app)
    {
        var backend = new ProcBackend(new ProcTree(_proc.Root), _time, TimeSpan.FromSeconds(1), (pid, start) =>
        {
            _killed.Add((pid, start));
            return true;
        });
        backend.Load(CompiledPolicy.Of(Policy(app)));
        return backend;
    }

    private List<GuardEvent> Look(string app)
    {
        var backend = Backend(app);
        backend.Look();
        return Drain(backend);
    }

    private static List<GuardEvent> Drain(ProcBackend backend)
    {
        var events = new List<GuardEvent>();
        while (backend.Events.TryRead(out var seen))
        {
            events.Add(seen);
        }

        return events;
    }

    private static IEnumerable<string> Subjects(IEnumerable<GuardEvent> events, GuardEventKind kind) => events.Where(e => e.Kind == kind).Select(static e => e.Subject);
}
