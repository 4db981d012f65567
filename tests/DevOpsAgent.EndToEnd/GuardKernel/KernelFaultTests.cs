using DevOpsAgent.Ebpf;
using DevOpsAgent.Ebpf.Native;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>What is missing, refused, full or in a hurry.</summary>
[Collection(TracepointTests.Name)]
public sealed class KernelFaultTests
{
    [Fact]
    public void What_is_missing_is_named_and_the_next_backend_taken()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        var whole = KernelRig.Host with { Object = [1, 2, 3], CgroupRoot = "/", Btf = "/proc/self/mounts" };
        Refusal(whole with { Object = null }).ShouldContain("built without clang");
        Refusal(whole with { Btf = "/nowhere" }).ShouldContain("no BTF");
        Refusal(whole with { CgroupRoot = null }).ShouldContain("no cgroup v2");
        Refusal(whole with { Library = "libbpf.so.0.0" }).ShouldContain("libbpf.so.0.0 is missing");
        Refusal(whole with { User = 1000 }).ShouldContain("needs root");
        var choice = BackendChoice.Of([.. KernelCandidates.Of(whole with { Btf = "/nowhere" }, TimeProvider.System, TimeSpan.FromSeconds(1), static (_, _) => false), .. BackendChoice.Candidates(TimeProvider.System, TimeSpan.FromSeconds(1))], "auto");
        choice.Backend!.Name.ShouldBe("proc");
        choice.Refused.Select(static r => r.Name).ShouldBe(["lsm", "tracepoint"]);
    }

    [Fact]
    public async Task What_the_verifier_says_is_kept()
    {
        await using var rig = await KernelRig.StartAsync([], static _ => KernelRig.Nobody);
        var source = Path.Combine(rig.Folder, "bad.bpf.c");
        await File.WriteAllTextAsync(source, """
            #include "vmlinux.h"
            #include <bpf/bpf_helpers.h>
            SEC("tp_btf/sys_enter")
            int reads_beyond_its_stack(unsigned long long *ctx) { volatile char a[8] = {}; volatile int i = 600; return *(volatile char *)(long)(ctx[0] + i); }
            char LICENSE[] SEC("license") = "GPL";
            """, TestContext.Current.CancellationToken);
        var (output, code) = await Shell.RunAsync("/usr/bin/clang", ["-g", "-O2", "-target", "bpf", "-I", Path.Combine(AppContext.BaseDirectory, "GuardKernel"), "-I/usr/include/x86_64-linux-gnu", "-c", source, "-o", source + ".o"]);
        code.ShouldBe(0, output);
        var bytes = await File.ReadAllBytesAsync(source + ".o", TestContext.Current.CancellationToken);
        var refused = Should.Throw<KernelException>(() => GuardObject.Load(bytes, static (_, _) => true, null).Dispose());
        refused.Message.ShouldContain("the kernel refused the programs");
        refused.Message.ShouldContain("reads_beyond_its_stack");
        refused.Message.Split(';').Length.ShouldBeGreaterThan(2, refused.Message);
    }

    [Fact]
    public async Task There_is_one_guard_in_the_kernel()
    {
        await using var rig = await KernelRig.StartAsync([], static _ => KernelRig.Nobody);
        Refusal(KernelRig.Host).ShouldContain("another guard runs");
    }

    [Fact]
    public async Task Ten_thousand_forks_keep_their_policy_and_leave_nothing()
    {
        await using var rig = await KernelRig.StartAsync([new("forker", "", "", "", "", false)], static folder => $$"""
            version: "1.0"
            mode: enforce
            on_agent_exit: release
            processes:
              forker: {exe: "{{folder}}/t/forker", blocked_files: ["{{folder}}/secret"], allowed_network: ["*"]}
            """);
        (await rig.RunAsync("forker", "forks", "10000", rig.Folder + "/secret")).ShouldBe("killed");
        await Eventually.True(() => rig.Backend.Guarded.Count == 0, "all forgotten");
        rig.Backend.Count(Ebpf.Tables.Counter.TasksFull).ShouldBe(0);
    }

    [Fact]
    public async Task A_full_ring_is_counted_and_denials_go_on()
    {
        // Nobody reads: the backend alone, its service not started.
        await using var rig = await KernelRig.StartAsync([new("loud", "", "", "", "", false)], static folder => $$"""
            version: "1.0"
            mode: audit
            on_agent_exit: release
            processes:
              loud: {exe: "{{folder}}/t/loud", blocked_files: ["{{folder}}/secret"], allowed_network: []}
            """, reads: false);
        await File.WriteAllTextAsync(rig.Folder + "/list", $"open {rig.Folder}/secret\n", TestContext.Current.CancellationToken);
        (await rig.RunAsync("loud", "all", rig.Folder + "/list", "60000")).ShouldBe("ok");
        rig.Backend.Losses.Kernel.ShouldBeGreaterThan(1000);
        rig.Service.Engine.SetMode(GuardMode.Enforce);
        (await rig.RunAsync("loud", "connect", "127.0.0.1", "99")).ShouldBe("EPERM");
    }

    [Fact]
    public async Task A_policy_that_the_tables_cannot_hold_changes_nothing()
    {
        await using var rig = await KernelRig.StartAsync([new("keeps", "", "", "", "", false)], static folder => Policy(folder, "[\"10.0.0.0/8\"]", "[]"));
        var deep = string.Concat(Enumerable.Repeat("/d", 40)) + "/*/x";
        Should.Throw<InvalidOperationException>(() => rig.Service.Engine.Reload(KernelRig.Read(Policy(rig.Folder, "[\"*\"]", $"[\"{deep}\"]")))).Message.ShouldContain("components");
        (await rig.RunAsync("keeps", "connect", "127.0.0.1", "99")).ShouldBe("EPERM");
    }

    [Fact]
    public async Task Who_is_isolated_reaches_nothing_and_neither_does_its_child()
    {
        await using var rig = await KernelRig.StartAsync([new("runs", "", "", "", "", false)], static folder => Policy(folder, "[\"*\"]", "[]").Replace("keeps", "runs", StringComparison.Ordinal));
        using var process = Shell.Start(rig.Folder + "/t/runs", ["when-connect", rig.Folder + "/go", "127.0.0.1", "99"]);
        await Eventually.True(() => rig.Backend.Guarded.ContainsKey("runs"), "guarded");
        rig.Backend.TryIsolate("runs", process.Id).ShouldBeNull();
        rig.Backend.TryIsolate("runs", 1).ShouldNotBeNull();
        await File.WriteAllTextAsync(rig.Folder + "/go", "", TestContext.Current.CancellationToken);
        (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim().ShouldBe("EPERM");
        (await rig.RunAsync("runs", "udp", "127.0.0.1", "99")).ShouldBe("ok", "another one is not isolated");
    }

    private static string Policy(string folder, string network, string files) => $$"""
        version: "1.0"
        mode: enforce
        on_agent_exit: release
        processes:
          keeps: {exe: "{{folder}}/t/keeps", blocked_files: {{files}}, allowed_network: {{network}}}
        """;

    private static string Refusal(KernelHost host)
    {
        var (backend, reason) = KernelCandidates.TryOpen(host, lsm: false, TimeProvider.System, TimeSpan.FromSeconds(1), static (pid, start) => PidKill.TryKill(new ProcTree(), pid, start));
        backend.ShouldBeNull();
        return reason;
    }
}
