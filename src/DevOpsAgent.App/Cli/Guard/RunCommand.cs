using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.GuardControl;
using DevOpsAgent.Ebpf;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
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

            var choice = BackendChoice.Of([.. KernelCandidates.Of(new KernelHost(), terminal.Time, config.Interval), .. BackendChoice.Candidates(terminal.Time, config.Interval)], config.Backend);
            foreach (var refused in choice.Refused)
            {
                narrator.Say("warning", $"backend {refused.Name} can't be used: {refused.Reason}");
            }

            var chosen = choice.Backend ?? throw CommandException.Dependency($"No backend works here ({string.Join("; ", choice.Refused.Select(static r => $"{r.Name}: {r.Reason}"))}).", "Set runtime_guard.backend to auto.");
            await using var guard = Start(policy, chosen, terminal.Time, config.Interval, narrator.Say);
            if (config.Mode is { } word && GuardModes.TryParse(word, out var mode))
            {
                guard.Engine.SetMode(mode); // what was asked for at the start stays through reloads
            }

            if (policy.RequireBlock && guard.Unmet.Count > 0)
            {
                guard.SayUnmet();
                throw CommandException.Refused($"{policy.File} has require_block: true, and the backend {chosen.Name} can't enforce {guard.Unmet.Count} of its rules.", "Use a system whose kernel can block, or set require_block to false: violations are then seen, not stopped.");
            }

            using var events = parsed.GetValue(record) is { } file ? new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read)) : null;
            guard.OnEvent = events is null ? null : seen => events.WriteLine(EventFile.Line(seen));
            guard.Engine.OnViolation(violation => Write(terminal, violation));
            await using var server = parsed.GetValue(noSocket) ? null : await GuardServer.StartAsync(Path.GetFullPath(config.Socket), guard, choice.Refused, config.AllowedUids, cancellation);
            narrator.Say("guard", string.Create(CultureInfo.InvariantCulture, $"backend {chosen.Name}, mode {guard.Engine.Mode.Word()}, {policy.Processes.Count} {(policy.Processes.Count == 1 ? "policy" : "policies")} of {policy.File}{(server is null ? "" : ", socket " + config.Socket)}"));
            guard.SayUnmet();
            await guard.RunAsync(cancellation);
            narrator.Say("guard", string.Create(CultureInfo.InvariantCulture, $"stopped after {guard.Engine.Stats.TotalEvents} events and {guard.Engine.Stats.Violations} violations"));
            return ExitCode.Fine;
        });
        return command;
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
