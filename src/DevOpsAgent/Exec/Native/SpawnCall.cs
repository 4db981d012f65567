namespace DevOpsAgent.Exec.Native;

/// <summary>One call of posix_spawn. The child gets its own process group, default signals and an empty mask, the given directory, three descriptors and no others.</summary>
internal static class SpawnCall
{
    /// <exception cref="SpawnException">Nothing was started, or what was started is killed and reaped.</exception>
    public static SpawnedProcess Start(SpawnOrder order, ReadyWatch watch, SpawnGate? gate)
    {
        using var pipes = new SpawnPipes(order.HasStdin);
        using var memory = new NativeBlock();

        // Descriptors that others opened without close-on-exec, such as those that the agent itself inherited. .NET's own all
        // have the flag, and the thread that forks here is the only one that starts processes.
        if (Libc.close_range(3, uint.MaxValue, Libc.CloseRangeCloexec) != 0)
        {
            throw new SpawnException($"Descriptors can't be kept from the command: {Libc.LastError()} (Linux 5.11 or newer is needed).");
        }

        var actions = memory.Zeroed();
        var attributes = memory.Zeroed();
        Check(Libc.posix_spawn_file_actions_init(actions));
        Check(Libc.posix_spawnattr_init(attributes));
        try
        {
            if (gate is not null)
            {
                // As descriptor 0, which the command's own input then replaces.
                Check(Libc.posix_spawn_file_actions_addopen(actions, 0, gate.Entrance, 0, 0));
            }

            Check(Libc.posix_spawn_file_actions_addfchdir_np(actions, order.Directory));
            Check(order.HasStdin
                ? Libc.posix_spawn_file_actions_adddup2(actions, pipes.StdinChild, 0)
                : Libc.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0));
            Check(Libc.posix_spawn_file_actions_adddup2(actions, pipes.StdoutChild, 1));
            Check(Libc.posix_spawn_file_actions_adddup2(actions, pipes.StderrChild, 2));

            // .NET ignores SIGPIPE, and an ignored signal stays ignored through exec: "yes | head" would never end.
            var all = memory.Zeroed();
            var none = memory.Zeroed();
            Check(Libc.sigfillset(all));
            Check(Libc.sigemptyset(none));
            Check(Libc.posix_spawnattr_setsigdefault(attributes, all));
            Check(Libc.posix_spawnattr_setsigmask(attributes, none));
            Check(Libc.posix_spawnattr_setpgroup(attributes, 0));
            Check(Libc.posix_spawnattr_setflags(attributes, Libc.SpawnSetPgroup | Libc.SpawnSetSigDef | Libc.SpawnSetSigMask));
            if (order.Check() is { } why)
            {
                throw new SpawnException(why);
            }

            var path = memory.Text(order.Path);
            var argv = memory.Texts(order.Argv);
            var environment = memory.Texts(order.Environment);
            var gated = gate?.Expect(order.Limits);
            var error = Libc.posix_spawn(out var pid, path, actions, attributes, argv, environment);
            gated?.Over();
            var fault = gated?.Limited.Task.GetAwaiter().GetResult() ?? "";
            if (error != 0)
            {
                throw new SpawnException($"{order.Argv[0]} can't be started: {Libc.Describe(error)}.");
            }

            return Adopt(pid, fault, order, pipes, watch);
        }
        finally
        {
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>A pidfd for the new process. Its number can't pass to another one: only we wait for it.</summary>
    /// <param name="fault">Why it may not live; empty for nothing.</param>
    private static SpawnedProcess Adopt(int pid, string fault, SpawnOrder order, SpawnPipes pipes, ReadyWatch watch)
    {
        var failed = fault.Length > 0 ? fault : order.CheckAfter ? order.Check() : null;
        var descriptor = Libc.PidFdOpen(pid);
        failed = descriptor < 0 ? $"The process can't be watched: {Libc.LastError()} (Linux 5.4 or newer is needed)." : failed;
        if (failed is null)
        {
            return new(pid, descriptor, watch, pipes);
        }

        _ = Libc.kill(-pid, Libc.SigKill);
        const int waitByPid = 1;
        _ = Libc.waitid(waitByPid, pid, new int[32], Libc.WaitExited);
        if (descriptor >= 0)
        {
            _ = Libc.close(descriptor);
        }

        throw new SpawnException(failed);
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new SpawnException($"A process can't be prepared: {Libc.Describe(error)}.");
        }
    }
}
