using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace DevOpsAgent.Exec.Native;

/// <summary>
/// Holds a new process before its exec until its limits are set, so that they hold from its first instruction. posix_spawn knows
/// no limits, and the agent's own can't be lowered meanwhile. But the child can be made to open a FIFO that has no writer: it
/// waits in there, while this thread finds it among the spawner's children, limits it, and opens the other end.
/// </summary>
internal sealed class SpawnGate : IDisposable
{
    private readonly BlockingCollection<GatedSpawn> _spawns = [];
    private readonly string _children;
    private readonly int _fifo;
    private readonly Thread _thread;

    /// <summary>On the spawner's thread: its children are looked for.</summary>
    /// <exception cref="SpawnException">The system lacks what is needed.</exception>
    public SpawnGate()
    {
        _children = string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{Libc.gettid()}/children");
        if (!File.Exists(_children))
        {
            throw new SpawnException("Limits can't be set: the kernel lists no children in /proc (CONFIG_PROC_CHILDREN).");
        }

        var folder = Directory.CreateTempSubdirectory("devops-agent-");
        try
        {
            var path = Path.Combine(folder.FullName, "gate");
            _fifo = Libc.mkfifo(path, 0x180) == 0 ? Libc.open(path, Libc.OpenPath | Libc.CloseOnExec, 0) : -1;
            if (_fifo < 0)
            {
                throw new SpawnException($"Limits can't be set: no FIFO in {folder.Parent}: {Libc.LastError()}.");
            }
        }
        finally
        {
            // Nobody else can open what has no name any more.
            folder.Delete(recursive: true);
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "exec gate" };
        _thread.Start();
    }

    /// <summary>What the child opens for reading.</summary>
    public string Entrance => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_fifo}");

    /// <summary>Right before the spawn.</summary>
    public GatedSpawn Expect(IReadOnlyList<ProcessLimit> limits)
    {
        var spawn = new GatedSpawn(limits, Children().ToHashSet());
        _spawns.Add(spawn);
        return spawn;
    }

    public void Dispose()
    {
        _spawns.CompleteAdding();
        _thread.Join();
        _spawns.Dispose();
        _ = Libc.close(_fifo);
    }

    private void Run()
    {
        foreach (var spawn in _spawns.GetConsumingEnumerable())
        {
            var fault = "The new process was not found.";
            try
            {
                fault = Limit(spawn);
            }
            catch (Exception e)
            {
                fault = e.Message;
            }

            // Whatever happened: who waits at the gate must get on, if only to be killed.
            Open(spawn);
            spawn.Limited.SetResult(fault);
        }
    }

    private string Limit(GatedSpawn spawn)
    {
        var wait = new SpinWait();
        while (!spawn.IsOver)
        {
            foreach (var pid in Children())
            {
                if (!spawn.Before.Contains(pid))
                {
                    return spawn.Limits.Select(l => Set(pid, l)).FirstOrDefault(static f => f.Length > 0) ?? "";
                }
            }

            wait.SpinOnce(sleep1Threshold: -1);
        }

        return "The new process ended before it was found.";
    }

    private static string Set(int pid, ProcessLimit limit) =>
        // EPERM: the agent's own hard limit is lower still.
        Libc.prlimit(pid, (int)limit.Resource, [limit.Value, limit.Value], 0) == 0 || Marshal.GetLastPInvokeError() == Libc.Eperm
            ? ""
            : $"The limit on {limit.Resource} can't be set: {Libc.LastError()}.";

    /// <summary>Until the child has come to the gate there is no reader, and opening fails.</summary>
    private void Open(GatedSpawn spawn)
    {
        var wait = new SpinWait();
        while (!spawn.IsOver)
        {
            var writer = Libc.open(Entrance, Libc.WriteOnly | Libc.NonBlocking | Libc.CloseOnExec, 0);
            if (writer >= 0)
            {
                _ = Libc.close(writer);
                return;
            }

            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    // "4711 4712 "
    private IEnumerable<int> Children() =>
        File.ReadAllText(_children).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static pid => int.Parse(pid, CultureInfo.InvariantCulture));
}

/// <summary>One process that waits, or will wait, at the gate.</summary>
/// <param name="Before">The children that the spawner had before.</param>
internal sealed record GatedSpawn(IReadOnlyList<ProcessLimit> Limits, IReadOnlySet<int> Before)
{
    private volatile bool _over;

    /// <summary>posix_spawn has returned: nobody waits any more.</summary>
    public bool IsOver => _over;

    /// <summary>Empty: all are set; else what went wrong.</summary>
    public TaskCompletionSource<string> Limited { get; } = new();

    public void Over() => _over = true;
}
