using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace DevOpsAgent.Exec;

/// <summary>
/// The events of a session between its pumps and its reader. While the command runs, a reader that is behind by more than 64
/// chunks holds it up. Once it has ended nothing waits for the reader any more: what is left in the pipes is small.
/// </summary>
internal sealed class SessionOutput : ChannelReader<ExecEvent>
{
    private const int MaxWaiting = 64;

    private readonly Channel<ExecEvent> _events = Channel.CreateUnbounded<ExecEvent>();
    private readonly Channel<bool> _places = Channel.CreateBounded<bool>(MaxWaiting);

    public override Task Completion => _events.Reader.Completion;

    /// <param name="ended">Cancelled when the command has ended.</param>
    public async ValueTask WriteAsync(ExecEvent.Output output, CancellationToken ended)
    {
        try
        {
            await _places.Writer.WriteAsync(true, ended);
        }
        catch (OperationCanceledException)
        {
            // It has ended: no more waiting.
        }

        _events.Writer.TryWrite(output);
    }

    public void Write(ExecEvent e) => _events.Writer.TryWrite(e);

    public void Complete() => _events.Writer.TryComplete();

    public override bool TryRead([MaybeNullWhen(false)] out ExecEvent item)
    {
        if (!_events.Reader.TryRead(out item))
        {
            return false;
        }

        if (item is ExecEvent.Output)
        {
            _places.Reader.TryRead(out _);
        }

        return true;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => _events.Reader.WaitToReadAsync(cancellationToken);
}
