using System.CommandLine;
using System.Globalization;
using System.Text;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.App.Cli.GuardCommands;

internal static class LearnCommand
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    public static Command Build(CommandContext context)
    {
        var name = new Argument<string?>("name") { Description = "Name of the policy; without selectors, of the executable too", Arity = ArgumentArity.ZeroOrOne };
        var exe = new Option<string?>("--exe") { Description = "Watch processes of this executable", HelpName = "path" };
        var unit = new Option<string?>("--unit") { Description = "Watch the processes of this systemd unit", HelpName = "unit" };
        var cgroup = new Option<string?>("--cgroup") { Description = "Watch the processes of this cgroup", HelpName = "path" };
        var uid = new Option<int?>("--uid") { Description = "Watch processes of this user", HelpName = "number" };
        var time = new Option<string>("--for") { Description = "Watch for so long, or until Ctrl-C", HelpName = "duration", DefaultValueFactory = static _ => "1m" };
        var from = new Option<string?>("--from") { Description = "Learn from this recording instead of watching", HelpName = "file" };
        var record = new Option<string?>("--record") { Description = "Keep what was seen in this file", HelpName = "file" };
        var output = new Option<string?>("--out") { Description = "Write the policy to this new file (default: standard output)", HelpName = "file" };
        var command = new Command("learn", "Watch a process, then write a policy that allows what it did and little else") { name, exe, unit, cgroup, uid, time, from, record, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield();
            var terminal = context.Terminal;
            var selectors = new List<string>();
            Add("exe", parsed.GetValue(exe));
            Add("unit", parsed.GetValue(unit));
            Add("cgroup", parsed.GetValue(cgroup));
            Add("uid", parsed.GetValue(uid)?.ToString(CultureInfo.InvariantCulture));
            var wanted = parsed.GetValue(name);
            IReadOnlyList<GuardEvent> events;
            if (parsed.GetValue(from) is { } file)
            {
                events = SimulateCommand.Events(terminal, file);
                events = wanted is null ? events : [.. events.Where(e => e.Process == wanted)];
            }
            else
            {
                events = await WatchAsync(terminal, wanted ?? throw CommandException.Usage("What is to be watched?", "Give the policy a name, as 'guard learn traefik --unit traefik.service'."), selectors, ApproveCommand.Duration(parsed.GetRequiredValue(time)) ?? TimeSpan.FromMinutes(1), cancellation);
            }

            if (events.Count == 0)
            {
                throw CommandException.Refused("Nothing was seen: no such process ran, or this user may not look into it.", "Check the selectors, run longer (--for), or run as root.");
            }

            if (parsed.GetValue(record) is { } keep)
            {
                await File.WriteAllLinesAsync(keep, events.Select(EventFile.Line), cancellation.IsCancellationRequested ? CancellationToken.None : cancellation);
            }

            Write(terminal, parsed.GetValue(output), Policy(events, selectors, wanted));
            return ExitCode.Fine;

            void Add(string key, string? value)
            {
                if (value is not null)
                {
                    selectors.Add($"{key}: {value}");
                }
            }
        });
        return command;
    }

    /// <summary>A policy that its own recording passes; that is checked, not believed.</summary>
    private static string Policy(IReadOnlyList<GuardEvent> events, List<string> selectors, string? name)
    {
        var text = LearnedPolicy.Write(events, name is null ? new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) : new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [name] = selectors });
        var problems = new List<ConfigProblem>();
        var policy = PolicyReader.Read(text, "learned policy", static _ => null, problems) ?? throw new InvalidOperationException(string.Join("; ", problems));
        var simulation = PolicySimulation.Run(policy, events, TimeProvider.System);
        return simulation.Violations == 0 ? text : throw new InvalidOperationException($"The learned policy denies {simulation.Findings[0].Violation.Detail}, which was seen.");
    }

    private static async Task<IReadOnlyList<GuardEvent>> WatchAsync(Terminal terminal, string name, List<string> selectors, TimeSpan duration, CancellationToken cancellationToken)
    {
        var problems = new List<ConfigProblem>();
        var empty = PolicyReader.Read($"processes:\n  {name}:\n" + string.Concat(selectors.Select(static s => $"    {s}\n")), "selectors", new PathResolver().Resolve, problems) ?? throw new ConfigException(problems);
        var choice = BackendChoice.Of(BackendChoice.Candidates(terminal.Time, s_interval), "proc");
        await using var backend = choice.Backend ?? throw CommandException.Dependency($"Nothing can be watched here: {choice.Refused[0].Reason}.");
        backend.Load(CompiledPolicy.Of(empty));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = terminal.Time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), end, duration, Timeout.InfiniteTimeSpan);
        if (terminal.ShowsProgress)
        {
            terminal.Error.WriteLine($"watching for {DurationText.Of(duration)}; Ctrl-C ends it earlier and writes what was learned");
        }

        var watching = Task.Run(() => backend.RunAsync(end.Token), CancellationToken.None);
        var events = new List<GuardEvent>();
        await foreach (var seen in backend.Events.ReadAllAsync(CancellationToken.None))
        {
            events.Add(seen);
        }

        await watching;
        if (backend.Losses.Queue > 0)
        {
            terminal.Error.WriteLine($"warning: {backend.Losses.Queue} events were lost; the policy may be too narrow");
        }

        return events;
    }

    private static void Write(Terminal terminal, string? file, string policy)
    {
        if (file is null)
        {
            terminal.Out.Write(policy);
            return;
        }

        using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
        stream.Write(Encoding.UTF8.GetBytes(policy));
        terminal.Out.WriteLine(SafeText.Of($"Wrote {file}. Read it, then try it: devops-agent guard run --policy {file}"));
    }
}
