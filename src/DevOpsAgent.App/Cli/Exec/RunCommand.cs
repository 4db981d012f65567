using System.CommandLine;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.App.ExecService;

namespace DevOpsAgent.App.Cli.ExecCommands;

internal static class RunCommand
{
    private const int MaxStdin = 64 << 20;

    public static Command Build(CommandContext context)
    {
        var argv = ArgvArgument();
        var limit = new Option<string?>("--timeout") { Description = "The command is killed after it (default: as long as its ACL entry permits)", HelpName = "duration" };
        var stdin = new Option<string?>("--stdin") { Description = "What the command reads; - is standard input (default: nothing)", HelpName = "file" };
        var command = new Command("run", "Run a command by the service; its output and exit code come through") { argv, limit, stdin };
        var service = ServiceOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var terminal = context.Terminal;
            var time = ApproveCommand.Duration(parsed.GetValue(limit));
            var input = await InputAsync(parsed.GetValue(stdin), cancellation);
            using var client = service.Client(parsed, context.Load(parsed).Config.Exec, terminal.Time);
            await using var stdout = Console.OpenStandardOutput();
            await using var stderr = Console.OpenStandardError();
            var run = new RemoteRun(client, stdout, stderr, text => terminal.Error.WriteLine("devops-agent: " + SafeText.Of(text)), terminal.Time);
            return await run.RunAsync(parsed.GetRequiredValue(argv), input, time, cancellation);
        });
        return command;
    }

    public static Argument<string[]> ArgvArgument() => new("argv")
    {
        Description = "The command and its arguments, after --",
        HelpName = "command",
        Arity = ArgumentArity.OneOrMore,
    };

    private static async Task<ReadOnlyMemory<byte>> InputAsync(string? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return default;
        }

        await using var source = file == "-" ? Console.OpenStandardInput() : new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await source.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (copy.Length + read > MaxStdin)
            {
                throw CommandException.Refused($"Standard input is longer than {MaxStdin >> 20} MiB, which no service takes.");
            }

            copy.Write(buffer, 0, read);
        }

        return copy.ToArray();
    }
}
