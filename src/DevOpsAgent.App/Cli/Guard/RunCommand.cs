using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.App.GuardControl;
using DevOpsAgent.Ebpf;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.App.Cli.GuardCommands;

internal static class RunCommand
{
    public static Command Build(CommandContext context)
    {
        var backend = new Option<string?>("--backend") { Description = "auto, lsm, tracepoint, proc or process (default: runtime_guard.backend)", HelpName = "name" };
        var socket = new Option<string?>("--socket") { Description = "The Unix socket (default: runtime_guard.socket)", HelpName = "file" };
        var noSocket = new Option<bool>("--no-socket") { Description = "Listen on no socket; 'guard status' and 'guard mode' then reach nobody" };
        var record = new Option<string?>("--record") { Description = "Append every event to this file, for 'guard simulate' and 'guard learn'", HelpName = "file" };
        var command = new Command("run", "Watch processes by the policy; violations go to standard output, one JSON object a line") { backend, socket, noSocket, record };
        var source = GuardSource.AddTo(command, context);
        context.Options.Bind(backend, "runtime_guard.backend");
        context.Options.Bind(socket, "runtime_guard.socket");
        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield(); // a signal that comes before the task is returned would end the process at once
            var config = source.Config(parsed);
            var policy = source.Load(parsed);
            var terminal = context.Terminal;
            var narrator = new Narrator(terminal);
            foreach (var warning in policy.Warnings)
            {
                narrator.Say("warning", warning.ToString());
            }

            GuardParts? parts = null;
            var choice = BackendChoice.Of(GuardBackends.Candidates(terminal.Time, config.Interval, config.Pins, (pid, start) => parts?.TryKill(pid, start) == true), config.Backend);
            foreach (var refused in choice.Refused)
            {
                narrator.Say("warning", $"backend {refused.Name} can't be used: {refused.Reason}");
            }

            var chosen = choice.Backend ?? throw CommandException.Dependency($"No backend works here ({string.Join("; ", choice.Refused.Select(static r => $"{r.Name}: {r.Reason}"))}).", "Set runtime_guard.backend to auto.");
            await using var guard = Start(policy, chosen, terminal.Time, config.Interval, narrator.Say);
            if (chosen is KernelBackend { Adopted: true })
            {
                narrator.Say("guard", "took over what an earlier guard left in the kernel");
            }

            if (config.Mode is { } word && GuardModes.TryParse(word, out var mode))
            {
                guard.Engine.SetMode(mode); // what was asked for at the start stays through reloads
            }

            if (policy.RequireBlock && guard.Unmet.Count > 0)
            {
                guard.SayUnmet();
                throw CommandException.Refused($"{policy.File} has require_block: true, and the backend {chosen.Name} can't enforce {guard.Unmet.Count} of its rules.", "Use a system whose kernel can block, or set require_block to false: violations are then seen, not stopped.");
            }

            foreach (var problem in OperatingSystem.IsLinux() ? GuardHost.Problems(policy, new ProcTree(), UnixProcess.UserId) : [])
            {
                narrator.Say("warning", problem);
            }

            await using var opened = parts = GuardParts.Open(source.Whole(parsed), guard, terminal.Time, narrator.Say);
            using var events = parsed.GetValue(record) is { } file ? new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read)) : null;
            guard.OnEvent = events is null ? null : seen => events.WriteLine(EventFile.Line(seen));
            guard.Engine.OnViolation(violation => Write(terminal, violation));
            guard.Engine.OnViolation(opened.Alerts.Take);
            var withSocket = !parsed.GetValue(noSocket);
            await using var server = withSocket || config.Listen is not null ? await GuardServer.StartAsync(config, withSocket, opened, choice.Refused, cancellation) : null;
            narrator.Say("guard", string.Create(CultureInfo.InvariantCulture, $"backend {chosen.Name}, mode {guard.Engine.Mode.Word()}, {policy.Processes.Count} {(policy.Processes.Count == 1 ? "policy" : "policies")} of {policy.File}{(withSocket ? ", socket " + config.Socket : "")}{(server?.Address is { } address ? $", {address}" : "")}"));
            guard.SayUnmet();
            opened.SayRoutes();
            guard.OnReload = opened.SayRoutes;
            await RunAsync(guard, opened, cancellation);
            var stats = guard.Engine.Stats;
            narrator.Say("guard", string.Create(CultureInfo.InvariantCulture, $"stopped after {stats.TotalEvents} events and {stats.Violations} violations"));
            return ExitCode.Fine;
        });
        return command;
    }

    /// <summary>Alerts end after the last event was judged, so that none is left untold.</summary>
    private static async Task RunAsync(GuardService guard, GuardParts parts, CancellationToken cancellationToken)
    {
        using var judged = new CancellationTokenSource();
        var telling = parts.Alerts.RunAsync(judged.Token);
        try
        {
            await guard.RunAsync(cancellationToken);
        }
        finally
        {
            await judged.CancelAsync();
            await telling;
        }
    }

    private static GuardService Start(GuardPolicy policy, IGuardBackend chosen, TimeProvider time, TimeSpan interval, Action<string, string> say)
    {
        try
        {
            return new(policy, chosen, new PolicyWatch(policy.File), time, interval, say);
        }
        catch (InvalidOperationException e)
        {
            throw CommandException.Refused($"The backend {chosen.Name} can't take {policy.File}: {e.Message}.", "Mend the policy, or choose another backend with --backend.");
        }
    }

    private static void Write(Terminal terminal, Violation violation)
    {
        lock (terminal.Out)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(violation, GuardJson.Default.Violation));
            terminal.Out.Flush();
        }
    }
}
