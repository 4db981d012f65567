using System.CommandLine;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Cli;

/// <summary>The -w of listings: shows again whenever the database changes, until Ctrl-C.</summary>
internal static class Watching
{
    public static Option<bool> Option() => new("--watch", "-w") { Description = "Show changes as they happen, until Ctrl-C" };

    /// <param name="show">Called at once and after each change; true on the first call.</param>
    public static async Task<int> RunAsync(IStore store, bool watch, Terminal terminal, Action<bool> show, CancellationToken cancellationToken)
    {
        var mark = store.ChangeMark();
        show(true);
        if (!watch)
        {
            return ExitCode.Fine;
        }

        await terminal.Out.FlushAsync(cancellationToken);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(300), terminal.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (store.ChangeMark() is var now && now != mark)
                {
                    mark = now;
                    show(false);
                    await terminal.Out.FlushAsync(cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how watching ends.
        }

        return ExitCode.Fine;
    }
}
