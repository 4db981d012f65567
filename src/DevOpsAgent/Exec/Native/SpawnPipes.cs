using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Exec.Native;

/// <summary>The pipes between the agent and one command. Disposing closes the command's ends, and ours unless they were taken.</summary>
internal sealed class SpawnPipes : IDisposable
{
    private readonly List<int> _open = [];

    /// <exception cref="SpawnException">No descriptors are left.</exception>
    public SpawnPipes(bool hasStdin)
    {
        try
        {
            if (hasStdin)
            {
                (StdinChild, StdinOurs) = Pipe();
            }

            (StdoutOurs, StdoutChild) = Pipe();
            (StderrOurs, StderrChild) = Pipe();
        }
        catch (SpawnException)
        {
            Dispose();
            throw;
        }
    }

    public int StdinChild { get; }
    public int StdoutChild { get; }
    public int StderrChild { get; }
    private int StdinOurs { get; }
    private int StdoutOurs { get; }
    private int StderrOurs { get; }

    public Stream? TakeStdin()
    {
        _open.Remove(StdinOurs);
        return StdinOurs == 0 ? null : new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(StdinOurs, ownsHandle: true));
    }

    public PipeSource TakeStdout(ReadyWatch watch) => Take(StdoutOurs, watch);

    public PipeSource TakeStderr(ReadyWatch watch) => Take(StderrOurs, watch);

    public void Dispose()
    {
        foreach (var fd in _open)
        {
            _ = Libc.close(fd);
        }

        _open.Clear();
    }

    private PipeSource Take(int fd, ReadyWatch watch)
    {
        _open.Remove(fd);

        // Our end alone: the command's is another description and blocks as usual.
        _ = Libc.fcntl(fd, Libc.SetFlags, Libc.NonBlocking);
        return new(fd, watch);
    }

    private (int Read, int Write) Pipe()
    {
        var ends = new int[2];
        if (Libc.pipe2(ends, Libc.CloseOnExec) != 0)
        {
            throw new SpawnException($"No pipe for the command: {Libc.LastError()}.");
        }

        _open.AddRange(ends);

        // An agent started with closed standard streams gets the numbers 0 to 2 here, and dup2 would overwrite one by another.
        return ends[0] > 2 && ends[1] > 2
            ? (ends[0], ends[1])
            : throw new SpawnException("The agent runs without standard streams; start it with 0, 1 and 2 open (</dev/null).");
    }
}
