using DevOpsAgent.Ebpf.Native;
using DevOpsAgent.Ebpf.Tables;
using DevOpsAgent.RuntimeGuard.Backends;

namespace DevOpsAgent.Ebpf;

/// <summary>The backends in the kernel, the stronger first: each loaded, attached and proven by a denial before it is taken.</summary>
internal static class KernelCandidates
{
    private static readonly string[] s_always =
        ["on_fork", "on_exit", "cg_connect4", "cg_connect6", "cg_sendmsg4", "cg_sendmsg6", "cg_bind4", "cg_bind6", "cg_sock_create"];

    /// <param name="kill">Number and start of a process that passed a limit; false: it was not killed.</param>
    public static IReadOnlyList<BackendCandidate> Of(KernelHost host, TimeProvider time, TimeSpan interval, Func<int, long, bool> kill) =>
    [
        new("lsm", () => TryOpen(host, lsm: true, time, interval, kill)),
        new("tracepoint", () => TryOpen(host, lsm: false, time, interval, kill)),
    ];

    public static (IGuardBackend? Backend, string Reason) TryOpen(KernelHost host, bool lsm, TimeProvider time, TimeSpan interval, Func<int, long, bool> kill)
    {
        if (host.Missing() is { } missing)
        {
            return (null, missing);
        }

        if (KernelOwner.TryTake(host.Pins) is not { } owner)
        {
            return (null, "another guard runs in the kernel; one per host");
        }

        GuardObject? loaded = null;
        try
        {
            var bytes = host.Object!;
            var pins = PinFolder.TryOpen(host.Pins, GuardObject.SchemaHash(bytes) + (lsm ? "-lsm" : "-tracepoint"), out _);
            loaded = GuardObject.Load(bytes, (section, _) => lsm ? section != "tp_btf/sys_exit" : !section.StartsWith("lsm/", StringComparison.Ordinal), pins);
            var tables = new KernelTables(loaded, lsm ? ConfigFlags.None : ConfigFlags.JudgeExecLate | ConfigFlags.KillUring, c => lsm && KernelAbilities.RefusedByLsm(c));
            Attach(loaded, host.CgroupRoot!, lsm);
            if ((Canary.Network(tables) ?? (lsm ? Canary.Files(tables) : null)) is { } dead)
            {
                throw new KernelException(dead);
            }

            return (new KernelBackend(loaded, tables, owner, pins, lsm, time, interval, kill), "");
        }
        catch (KernelException refused)
        {
            loaded?.Dispose();
            owner.Dispose();
            return (null, refused.Message);
        }
    }

    private static void Attach(GuardObject loaded, string cgroupRoot, bool lsm)
    {
        var root = Libc.OpenFolder(cgroupRoot);
        if (root < 0)
        {
            throw new KernelException($"{cgroupRoot} can't be opened");
        }

        try
        {
            // Children inherit before anything is executed under a policy.
            foreach (var program in s_always.Concat(lsm ? loaded.Programs.Where(static p => p.StartsWith("lsm_", StringComparison.Ordinal)) : []).Append("on_exec"))
            {
                loaded.Attach(program, program.StartsWith("cg_", StringComparison.Ordinal) ? root : -1);
            }
        }
        finally
        {
            _ = Libc.Close(root);
        }
    }
}
