using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DevOpsAgent.Ebpf.Native;
using DevOpsAgent.Ebpf.Tables;

namespace DevOpsAgent.Ebpf;

/// <summary>Empties the kernel's ring on a thread of its own, as long as it lives. Nothing that it is handed can make it throw.</summary>
internal sealed unsafe class EventReader : IDisposable
{
    private const int PollMilliseconds = 100;

    private readonly Action<KernelEvent, ReadOnlySpan<byte>> _take;
    private readonly Thread _thread;
    private readonly GCHandle _self;
    private nint _ring;
    private volatile bool _stop;

    public EventReader(BpfMap events, Action<KernelEvent, ReadOnlySpan<byte>> take)
    {
        _take = take;
        _self = GCHandle.Alloc(this);
        _ring = Libbpf.NewRing(events.Handle, &Sample, (void*)GCHandle.ToIntPtr(_self), 0);
        if (_ring == 0)
        {
            _self.Free();
            throw new KernelException($"the ring of events can't be read: {Libc.Message(Marshal.GetLastPInvokeError())}");
        }

        _thread = new(Run) { IsBackground = true, Name = "guard events" };
        _thread.Start();
    }

    /// <summary>What the ring held that is no event of ours.</summary>
    public long Malformed { get; private set; }

    public void Dispose()
    {
        if (_ring == 0)
        {
            return;
        }

        _stop = true;
        _thread.Join();
        Libbpf.FreeRing(_ring);
        _ring = 0;
        _self.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sample(void* context, void* data, nuint size)
    {
        var reader = (EventReader)GCHandle.FromIntPtr((nint)context).Target!;
        try
        {
            var seen = (KernelEvent*)data;
            if (size < (nuint)sizeof(KernelEvent) || seen->PathBytes > (int)size - sizeof(KernelEvent))
            {
                reader.Malformed++;
                return 0;
            }

            reader._take(*seen, new ReadOnlySpan<byte>((byte*)data + sizeof(KernelEvent), seen->PathBytes));
        }
        catch (Exception)
        {
            // An exception must not reach the native frame below.
            reader.Malformed++;
        }

        return 0;
    }

    private void Run()
    {
        while (!_stop)
        {
            _ = Libbpf.PollRing(_ring, PollMilliseconds);
        }

        _ = Libbpf.PollRing(_ring, 0);
    }
}
