using System.Threading.Channels;

namespace DevOpsAgent.RuntimeGuard.Backends;

/// <summary>Between a backend and whoever reads its events. Never blocks the backend: what doesn't fit is counted.</summary>
internal sealed class EventQueue(int capacity = 16_384)
{
    private readonly Channel<GuardEvent> _channel = Channel.CreateBounded<GuardEvent>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    private long _lost;

    public ChannelReader<GuardEvent> Reader => _channel.Reader;

    public long Lost => Interlocked.Read(ref _lost);

    public void Add(GuardEvent seen)
    {
        if (!_channel.Writer.TryWrite(seen))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    public void Complete() => _channel.Writer.TryComplete();
}
