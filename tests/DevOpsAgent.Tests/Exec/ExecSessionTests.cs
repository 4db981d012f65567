using System.Text;
using DevOpsAgent.Audit;
using DevOpsAgent.Exec;

namespace DevOpsAgent.Tests.Exec;

public sealed class ExecSessionTests
{
    [Fact]
    public async Task Output_and_code_come_back_and_the_audit_has_request_started_exit()
    {
        await using var rig = new ExecRig();
        var script = rig.Script("echo out; echo err >&2; exit 3");
        var request = ExecRig.Request(script);
        var (exit, stdout, stderr) = await rig.RunAsync(request);

        (stdout, stderr).ShouldBe(("out\n", "err\n"));
        (exit.Code, exit.Signal, exit.Cause, exit.Truncated).ShouldBe((3, null, null, false));
        (exit.StdoutBytes, exit.StderrBytes).ShouldBe((4, 4));
        rig.Audit.Events.Select(static e => e.GetType().Name).ShouldBe(["Request", "Started", "Exit"]);
        var end = rig.Audit.Events[2].ShouldBeOfType<AuditEvent.Exit>();
        end.RequestId.ShouldBe(request.RequestId.ToString());
        end.StdoutSha256.ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("out\n"u8)));
        rig.Audit.Events[0].ShouldBeOfType<AuditEvent.Request>().MatchedAcl.ShouldBe("ops");
    }

    [Fact]
    public async Task Standard_input_is_written_and_closed()
    {
        await using var rig = new ExecRig().Allow("[/bin/cat]");
        var text = new string('x', 200_000);
        var (exit, stdout, _) = await rig.RunAsync(ExecRig.Request("/bin/cat") with { Stdin = Encoding.UTF8.GetBytes(text) });
        stdout.ShouldBe(text);
        exit.Code.ShouldBe(0);
        rig.Audit.Events[0].ShouldBeOfType<AuditEvent.Request>().StdinSha256!.Length.ShouldBe(64);
    }

    [Fact]
    public async Task A_command_that_reads_no_input_is_not_held_up_by_it()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        var (exit, _, _) = await rig.RunAsync(ExecRig.Request("/bin/true") with { Stdin = new byte[1 << 20] });
        exit.Code.ShouldBe(0);
    }

    [Fact]
    public async Task Chunks_are_at_most_16_KiB_and_the_cap_stops_forwarding_but_not_counting()
    {
        await using var rig = new ExecRig().Set("max_stdout_bytes: 40000").Set("warn_stdout_bytes: 20000");
        var script = rig.Script("head -c 100000 /dev/zero; echo done >&2");
        var session = await rig.RunningAsync(ExecRig.Request(script));
        var (events, exit) = await ExecRig.CollectAsync(session);

        var output = events.OfType<ExecEvent.Output>().Where(static o => o.Stream == ExecStream.Stdout).ToList();
        output.ShouldAllBe(static o => o.Bytes.Length <= 16384);
        output.Sum(static o => o.Bytes.Length).ShouldBe(40000);
        (exit.StdoutBytes, exit.Truncated, exit.Code).ShouldBe((100000, true, 0));
        ExecRig.Text(events, ExecStream.Stderr).ShouldBe("done\n");
        events.OfType<ExecEvent.Warning>().Select(static w => w.Kind).ShouldBe([ExecWarningKind.StdoutApproachingCap, ExecWarningKind.StdoutCapHit]);
        var report = rig.Sessions.Report();
        (report.CapBreaches["stdout"], report.CapWarnings["stdout"]).ShouldBe((1, 1));
        report.RecentWarnings.Select(static w => w.Kind).ShouldBe(["stdout_approaching_cap", "stdout_cap_hit"]);
        rig.Audit.Events.OfType<AuditEvent.Warning>().Select(static w => w.Kind).ShouldBe(["stdout_approaching_cap", "stdout_cap_hit"]);
    }

    [Fact]
    public async Task Output_of_exactly_the_cap_is_whole()
    {
        await using var rig = new ExecRig().Set("max_stderr_bytes: 5").Set("warn_stderr_bytes: 100");
        var (exit, _, stderr) = await rig.RunAsync(ExecRig.Request(rig.Script("printf 12345 >&2")));
        (stderr, exit.Truncated).ShouldBe(("12345", false));
    }

    [Fact]
    public async Task The_environment_is_PATH_HOME_LANG_and_LC_ALL_alone()
    {
        Environment.SetEnvironmentVariable("EXEC_TEST_SECRET", "leaks");
        await using var rig = new ExecRig().Allow("[env]");
        var (_, stdout, _) = await rig.RunAsync(ExecRig.Request("env"));
        stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)
            .ShouldBe(["HOME=/", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
    }

    [Fact]
    public async Task The_directory_is_the_pinned_one_even_if_another_takes_its_name()
    {
        await using var rig = new ExecRig().Allow("[ls]");
        var home = Path.Combine(rig.Folder, "home");
        Directory.CreateDirectory(home);
        await File.WriteAllTextAsync(Path.Combine(home, "pinned"), "", TestContext.Current.CancellationToken);
        rig.Set($"default_cwd: {home}").Sessions.Policy.ShouldNotBeNull();
        Directory.Move(home, home + "-moved");
        Directory.CreateDirectory(home);
        (await rig.RunAsync(ExecRig.Request("ls"))).Stdout.ShouldBe("pinned\n");
    }

    [Fact]
    public async Task The_command_has_its_own_group_no_new_privileges_no_foreign_descriptors_and_its_limits()
    {
        await using var rig = new ExecRig().Set("max_open_files: 64").Set("max_file_bytes: 4096").Allow("[cat, /proc/self/status, /proc/self/limits, /proc/self/stat]").Allow("[ls, /proc/self/fd]");

        // A descriptor without close-on-exec, as an agent may inherit one.
        var leaked = DevOpsAgent.Exec.Native.Libc.open("/etc/passwd", 0, 0);
        try
        {
            var (_, stdout, _) = await rig.RunAsync(ExecRig.Request("cat", "/proc/self/status", "/proc/self/limits", "/proc/self/stat"));
            var lines = stdout.Split('\n');
            lines.ShouldContain("NoNewPrivs:\t1");
            // 32 and 33 are glibc's own. The agent ignores SIGPIPE (13), the command must not.
            (Convert.ToInt64(lines.Single(static l => l.StartsWith("SigIgn:", StringComparison.Ordinal))[8..], 16) & 0x7fffffff).ShouldBe(0);
            lines.ShouldContain("SigBlk:\t0000000000000000");
            Columns(lines, "Max open files").ShouldBe(["64", "64", "files"]);
            Columns(lines, "Max core file size")[..2].ShouldBe(["0", "0"]);
            Columns(lines, "Max file size").ShouldBe(["4096", "4096", "bytes"]);
            var stat = lines.Single(static l => l.Contains(") R ", StringComparison.Ordinal));
            stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[2].ShouldBe(stat.Split(' ')[0], "the leader of its own group");

            // 3 is the directory that ls itself reads.
            (await rig.RunAsync(ExecRig.Request("ls", "/proc/self/fd"))).Stdout.ShouldBe("0\n1\n2\n3\n");
        }
        finally
        {
            _ = DevOpsAgent.Exec.Native.Libc.close(leaked);
        }
    }

    [Fact]
    public async Task Limits_hold_from_the_first_instruction()
    {
        // A shell reads its limit before anything else; set after its start, it would sometimes win.
        await using var rig = new ExecRig().Set("max_open_files: 50").Set("max_concurrent_per_agent: 32");
        var script = rig.Script("ulimit -n");
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => rig.RunAsync(ExecRig.Request(script))));
        results.ShouldAllBe(static r => r.Stdout == "50\n");
    }

    [Fact]
    public async Task A_program_that_can_not_be_started_holds_up_nobody_behind_the_gate()
    {
        await using var rig = new ExecRig().Set("max_open_files: 50").Allow("[/bin/true]");
        var broken = rig.Script("true", "broken");
        await File.WriteAllTextAsync(broken, "#!/no/such/interpreter\n", TestContext.Current.CancellationToken);
        (await rig.DeniedAsync(ExecRig.Request(broken))).Reason.ShouldBe(ExecDenial.SpawnFailed);
        (await rig.RunAsync(ExecRig.Request("/bin/true"))).Exit.Code.ShouldBe(0);
    }

    [Fact]
    public async Task The_agents_own_threads_keep_their_rights()
    {
        await using var rig = new ExecRig().Allow("[/bin/true]");
        await rig.RunAsync(ExecRig.Request("/bin/true"));
        (await File.ReadAllLinesAsync("/proc/thread-self/status", TestContext.Current.CancellationToken)).ShouldContain("NoNewPrivs:\t0");
    }

    [Fact]
    public async Task A_slow_reader_slows_the_command_and_loses_nothing()
    {
        await using var rig = new ExecRig();
        var session = await rig.RunningAsync(ExecRig.Request(rig.Script("head -c 4000000 /dev/zero")));

        // It can't end: 64 chunks and a full pipe are waiting.
        await ExecRig.EventuallyAsync(() => session.Events.CanCount is false && ExecRig.IsAlive(session.Pid));
        var (events, exit) = await ExecRig.CollectAsync(session);
        events.OfType<ExecEvent.Output>().Sum(static o => o.Bytes.Length).ShouldBe(4_000_000);
        exit.Truncated.ShouldBeFalse();
    }

    private static string[] Columns(string[] lines, string name) =>
        lines.Single(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
