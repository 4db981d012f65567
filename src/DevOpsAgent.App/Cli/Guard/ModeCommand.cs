using System.CommandLine;
using DevOpsAgent.App.GuardControl;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.App.Cli.GuardCommands;

internal static class ModeCommand
{
    public static Command Build(CommandContext context)
    {
        var mode = new Argument<string?>("mode") { Description = "audit, alert or enforce; nothing: show the one in force", Arity = ArgumentArity.ZeroOrOne };
        mode.CompletionSources.Add([.. GuardModes.Names]);
        var process = new Option<string?>("--process") { Description = "Of this policy only", HelpName = "name" };
        var socket = new Option<string?>("--socket") { Description = "The guard's Unix socket (default: runtime_guard.socket)", HelpName = "file" };
        var command = new Command("mode", "Show or change the running guard's mode") { mode, process, socket };
        context.Options.Bind(socket, "runtime_guard.socket");
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new GuardClient(context.Load(parsed).Config.RuntimeGuard.Socket);
            if (parsed.GetValue(mode) is not { } wanted)
            {
                context.Terminal.Out.WriteLine((await client.HealthAsync(cancellation)).Mode);
                return ExitCode.Fine;
            }

            if (!GuardModes.TryParse(wanted, out _))
            {
                throw CommandException.Usage($"The mode must be audit, alert or enforce, not '{wanted}'.");
            }

            var set = await client.SetModeAsync(new(wanted, parsed.GetValue(process)), cancellation);
            context.Terminal.Out.WriteLine(SafeText.Of(set.Process is null ? $"Mode {set.Mode}." : $"Mode {set.Mode} for {set.Process}."));
            return ExitCode.Fine;
        });
        return command;
    }
}
