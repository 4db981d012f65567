using System.Runtime.InteropServices;

namespace DevOpsAgent.Exec.Native;

/// <summary>Our end of a command's output. One reader.</summary>
internal sealed class PipeSource(int descriptor, ReadyWatch watch) : IDisposable
{
    private readonly Lock _gate = new();
    private bool _closed;

    /// <summary>How many bytes were read; 0 at the end. Waits where there is nothing yet.</summary>
    /// <exception cref="OperationCanceledException">It was disposed.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public async ValueTask<int> ReadAsync(byte[] buffer)
    {
        while (true)
        {
            if (TryRead(buffer, out var count, out var ready))
            {
                return count;
            }

            await ready;
        }
    }

    /// <summary>The reader, if it waits, is let go.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        // Outside the lock: the reader goes on in here.
        watch.Forget(descriptor);
        _ = Libc.close(descriptor);
    }

    private bool TryRead(byte[] buffer, out int count, out Task ready)
    {
        ready = Task.CompletedTask;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            count = (int)Libc.read(descriptor, buffer, buffer.Length);
            if (count >= 0)
            {
                return true;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Libc.Eintr:
                    return false;
                case Libc.Eagain:
                    ready = watch.ReadyAsync(descriptor);
                    return false;
                default:
                    throw new IOException($"A command's output can't be read: {Libc.LastError()}.");
            }
        }
    }
}
