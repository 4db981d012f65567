using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli.Audit;

internal static class ShowCommand
{
    private static readonly string[] Events = ["request", "started", "warning", "exit", "denial", "checkpoint", "retention", "recovery"];

    public static Command Build(CommandContext context)
    {
        var path = AuditPlace.Argument();
        var events = new Option<string[]>("--event") { Description = "Only this event (repeatable)", HelpName = "event" }.AcceptOnlyFromAmong(Events);
        var agent = new Option<string?>("--agent") { Description = "Only requests of this agent and what came of them (beginning of its id)", HelpName = "id" };
        var request = new Option<string?>("--request") { Description = "Only this request (beginning of its id)", HelpName = "id" };
        var since = new Option<string?>("--since") { Description = "Only from this time on: 2h (ago), or 2026-11-21T09:00:00Z", HelpName = "time" };
        var denied = new Option<bool>("--denied") { Description = "Only denials" };
        var last = new Option<int?>("--last", "-n") { Description = "Only the last so many", HelpName = "n" };
        var follow = new Option<bool>("--follow", "-f", "--watch", "-w") { Description = "Show new lines as they come, until Ctrl-C" };
        var command = new Command("show", "Show the audit log of exec") { path, events, agent, request, since, denied, last, follow };
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            string[] names = [.. parsed.GetValue(events) ?? [], .. parsed.GetValue(denied) ? ["denial"] : Array.Empty<string>()];
            var filter = new AuditFilter(names, parsed.GetValue(agent), parsed.GetValue(request), Since(parsed.GetValue(since), context.Terminal.Time));
            if (parsed.GetValue(last) is < 1)
            {
                throw CommandException.Usage("--last must be at least 1.");
            }

            return RunAsync(context.Terminal, AuditPlace.Of(context, parsed, path), filter, format.IsJson(parsed), parsed.GetValue(last), parsed.GetValue(follow), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, string place, AuditFilter filter, bool json, int? last, bool follow, CancellationToken cancellationToken)
    {
        using var tail = new AuditTail(place);
        var lines = Read(tail, filter, json, terminal.Colour, cancellationToken);
        foreach (var line in last is { } most ? lines.TakeLast(most) : lines)
        {
            terminal.Out.WriteLine(line);
        }

        if (follow)
        {
            await FollowAsync(terminal, () => Read(tail, filter, json, terminal.Colour, cancellationToken), cancellationToken);
        }

        if (tail.Unreadable > 0)
        {
            terminal.Error.WriteLine(SafeText.Of($"devops-agent: {Words.Count(tail.Unreadable, "line", "lines")} left out that can't be read or were changed. See devops-agent audit verify {place}"));
        }

        return tail.Unreadable > 0 ? ExitCode.FoundOrRefused : ExitCode.Fine;
    }

    private static IEnumerable<string> Read(AuditTail tail, AuditFilter filter, bool raw, bool colour, CancellationToken cancellationToken)
    {
        while (tail.TryRead(out var line, out var text))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var json = JsonDocument.Parse(text);
            if (filter.Passes(line, json.RootElement))
            {
                // As it stands in the file, so that it can still be verified. Our own lines are plain ASCII; others don't get here unescaped.
                yield return raw ? SafeText.Of(Encoding.UTF8.GetString(text)) : AuditText.Of(line, json.RootElement, colour);
            }
        }
    }

    private static async Task FollowAsync(Terminal terminal, Func<IEnumerable<string>> read, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), terminal.Time);
        try
        {
            do
            {
                foreach (var line in read())
                {
                    terminal.Out.WriteLine(line);
                }

                await terminal.Out.FlushAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how following ends.
        }
    }

    private static long? Since(string? text, TimeProvider time)
    {
        if (text is null)
        {
            return null;
        }

        if (DurationText.TryParse(text, out var ago))
        {
            return (time.GetUtcNow() - ago).ToUnixTimeMilliseconds();
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.ToUnixTimeMilliseconds()
            : throw CommandException.Usage($"--since '{text}' is no time.", "Write how long ago, as 2h or 7d, or a time as 2026-11-21T09:00:00Z.");
    }
}
