using System.CommandLine;
using DevOpsAgent.App.ExecService;

namespace DevOpsAgent.App.Cli.ExecCommands;

internal static class ServeCommand
{
    public static Command Build(CommandContext context)
    {
        var socket = new Option<string?>("--socket") { Description = "The Unix socket (default: exec.socket)", HelpName = "file" };
        var listen = new Option<string?>("--listen") { Description = "Address and port for other machines (default: exec.listen)", HelpName = "address:port" };
        var acl = new Option<string?>("--acl") { Description = "The ACL (default: exec.acl)", HelpName = "file" };
        var command = new Command("serve", "Run the commands that the ACL permits, for callers on this machine and others") { socket, listen, acl };
        context.Options.Bind(socket, "exec.socket");
        context.Options.Bind(listen, "exec.listen");
        context.Options.Bind(acl, "exec.acl");
        command.SetAction(async (parsed, cancellation) =>
        {
            // A signal that comes before the command has returned its task would end the process at once.
            await Task.Yield();
            var config = context.Load(parsed).Config;
            var narrator = new Narrator(context.Terminal);
            await using var parts = ExecParts.Open(config, context.Terminal.Time, narrator.Say);
            await using var server = await ExecServer.StartAsync(parts, narrator.Fault, cancellation);
            narrator.Say("exec", parts.Describe(server.Address));
            await WaitAsync(cancellation);

            // Commands end first, so that those who wait for them are told how; the connections close after that.
            narrator.Say("exec", "stopping");
            await parts.Sessions.ShutdownAsync();
            return ExitCode.Fine;
        });
        return command;
    }

    private static Task WaitAsync(CancellationToken cancellationToken)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetResult(), stop);
        return stop.Task;
    }
}
