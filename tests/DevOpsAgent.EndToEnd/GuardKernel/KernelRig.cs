using DevOpsAgent.Ebpf;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>
/// The tracepoint backend on this machine. Its policies are for copies of the trigger in a folder of the test, and for nothing
/// else; nothing is pinned.
/// </summary>
internal sealed class KernelRig : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Violation> _violations = [];
    private Task _running = Task.CompletedTask;

    private KernelRig(string folder) => Folder = folder;

    public string Folder { get; }

    public GuardService Service { get; private set; } = null!;

    public KernelBackend Backend => (KernelBackend)Service.Backend;

    public IReadOnlyList<Violation> Violations
    {
        get
        {
            lock (_violations)
            {
                return [.. _violations];
            }
        }
    }

    /// <summary>A policy for nobody.</summary>
    public const string Nobody = "version: \"1.0\"\non_agent_exit: release\nprocesses:\n  nobody: {exe: /nowhere/at/all}\n";

    public static KernelHost Host { get; } = new() { Pins = "/nowhere/at/all" };

    /// <summary>Skips the test where the kernel, the user or the tools don't allow it, and says why.</summary>
    public static async Task<KernelRig> StartAsync(IReadOnlyList<KernelScenario> prepared, Func<string, string> policy, bool reads = true)
    {
        var rig = new KernelRig(Directory.CreateTempSubdirectory("guard-kernel-").FullName);
        Directory.Delete(rig.Folder);
        Directory.CreateDirectory(rig.Folder);
        var (output, code) = await Shell.RunAsync("/bin/sh", ["-c", KernelScenario.Preparation(prepared), "sh", rig.Folder, await Trigger.BuildAsync()]);
        code.ShouldBe(0, output);
        var read = Read(policy(rig.Folder));
        var (backend, reason) = KernelCandidates.TryOpen(Host, lsm: false, TimeProvider.System, TimeSpan.FromMilliseconds(200), static (pid, start) => PidKill.TryKill(new ProcTree(), pid, start));
        Assert.SkipWhen(backend is null, $"the tracepoint backend doesn't work here: {reason}");
        rig.Service = new(read, backend, null, TimeProvider.System, TimeSpan.FromMilliseconds(200), static (_, _) => { });
        rig.Service.Engine.OnViolation(violation =>
        {
            lock (rig._violations)
            {
                rig._violations.Add(violation);
            }
        });
        rig._running = reads ? rig.Service.RunAsync(rig._stop.Token) : Task.CompletedTask;
        return rig;
    }

    public static GuardPolicy Read(string text)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, text);
        var policy = PolicyFile.Load(file);
        File.Delete(file);
        return policy;
    }

    /// <summary>Runs a copy of the trigger: its word, or "killed".</summary>
    public async Task<string> RunAsync(string name, params string[] arguments)
    {
        var (output, code) = await Shell.RunAsync(Path.Combine(Folder, "t", name), arguments);
        return code == 137 ? "killed" : output.Trim();
    }

    public async ValueTask DisposeAsync()
    {
        if (Service is not null)
        {
            await _stop.CancelAsync();
            await _running;
            await Service.DisposeAsync();
        }

        _stop.Dispose();
        await Shell.RunAsync("/bin/rm", ["-rf", Folder]);
    }
}
