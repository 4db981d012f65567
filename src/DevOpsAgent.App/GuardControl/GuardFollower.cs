using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.GuardControl;

/// <summary>The running agent's line to the guard of this machine, over its control socket.</summary>
internal sealed class GuardFollower : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly string _socket;
    private readonly GuardClient _client;
    private readonly Task _following;

    private GuardFollower(AgentConfig config, AgentService service, TimeProvider time, Action<AgentEvent> tell)
    {
        _socket = config.RuntimeGuard.Socket;
        _client = new(_socket);
        var feed = new GuardFeed(service.Parts.Store, ReadAsync, time, tell);
        service.Health.Guard = () => feed.Link;
        _following = Task.Run(() => feed.RunAsync(_stop.Token));
    }

    /// <summary>Null: it is not wanted, or this system has no such socket.</summary>
    public static GuardFollower? Start(AgentConfig config, AgentService service, TimeProvider time, Action<AgentEvent> tell) =>
        config.RuntimeGuard.Follow && !OperatingSystem.IsWindows() ? new(config, service, time, tell) : null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task<RuntimeGuard.Alerts.AlertPage> ReadAsync(string? journal, long after, CancellationToken cancellationToken)
    {
        // Where no guard ever runs, the HTTP client isn't brought into memory (11 MB) to find that out.
        if (!File.Exists(_socket))
        {
            throw new IOException($"No guard answers on {_socket}: there is no such socket.");
        }

        try
        {
            return await _client.AlertsAsync(journal, after, cancellationToken);
        }
        catch (CommandException e)
        {
            throw e.ExitCode == ExitCode.FoundOrRefused ? new UnauthorizedAccessException(e.Message, e) : new IOException(e.Message, e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("it took too long to answer", e);
        }
    }
}
