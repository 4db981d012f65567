using System.CommandLine;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands;

internal static class CancelCommand
{
    public static Command Build(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = "As 'exec sessions' lists it", HelpName = "id" };
        var command = new Command("cancel", "End a running command: TERM to its group, KILL 5 s later") { id };
        var service = ServiceOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (!ExecRequestId.TryParse(parsed.GetRequiredValue(id), out var request))
            {
                throw CommandException.Usage($"'{parsed.GetRequiredValue(id)}' is not an id of 32 hex digits.", "'devops-agent exec sessions' lists them.");
            }

            using var client = service.Client(parsed, context.Load(parsed).Config.Exec, context.Terminal.Time);
            var answer = await client.AskAsync(new() { Operation = CallOperation.Cancel, RequestId = request.ToString() }, cancellation);
            if (answer.GetProperty("event").ValueEquals("denied"))
            {
                throw ExecClient.Refusal(answer);
            }

            if (!answer.GetProperty("found").GetBoolean())
            {
                throw CommandException.Refused($"No command of yours runs under the id {request}.", "'devops-agent exec sessions' lists what runs.");
            }

            context.Terminal.Out.WriteLine($"{request} is being ended.");
            return ExitCode.Fine;
        });
        return command;
    }
}
