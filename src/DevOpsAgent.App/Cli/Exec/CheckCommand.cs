using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands;

internal static class CheckCommand
{
    public static Command Build(CommandContext context)
    {
        var argv = RunCommand.ArgvArgument();
        var agent = new Option<string?>("--agent") { Description = "Id of the asking agent (default: you, on the socket)", HelpName = "id" };
        var from = new Option<string?>("--from") { Description = "Id of the machine it asks from (default: this one)", HelpName = "id" };
        var limit = new Option<string?>("--timeout") { Description = "Ask for so long a run", HelpName = "duration" };
        var command = new Command("check", "Say whether a command would be allowed and by what, by the ACL file or a service") { argv, agent, from, limit };
        var service = ServiceOptions.AddTo(command);
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var config = context.Load(parsed).Config.Exec;
            var timeout = ApproveCommand.Duration(parsed.GetValue(limit));
            var tokens = parsed.GetRequiredValue(argv);
            var view = service.AreGiven(parsed)
                ? await AskAsync(service.Client(parsed, config, context.Terminal.Time), tokens, timeout, cancellation)
                : Judge(config, Id(parsed, agent), Id(parsed, from), tokens, timeout, context.Terminal.Time);
            context.Terminal.Out.WriteLine(format.IsJson(parsed)
                ? JsonSerializer.Serialize(view, CliJson.Default.ExecCheckView)
                : SafeText.Of(view.Allowed ? $"Allowed by the entry '{view.MatchedAcl}'." : $"Refused: {view.Reason}. {view.Text}"));
            return view.Allowed ? ExitCode.Fine : ExitCode.FoundOrRefused;
        });
        return command;
    }

    private static async Task<ExecCheckView> AskAsync(ExecClient client, string[] argv, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        using var asked = client;
        var answer = await client.AskAsync(
            new()
            {
                Operation = CallOperation.Check,
                RequestId = ExecRequestId.New().ToString(),
                Argv = argv,
                TimeoutMs = timeout is { } limit ? Math.Max(1, (long)limit.TotalMilliseconds) : null,
            },
            cancellationToken);
        return answer.GetProperty("event").ValueEquals("allowed")
            ? new(true, answer.GetProperty("matched_acl").GetString(), null, null)
            : new(false, null, answer.GetProperty("reason").GetString(), answer.GetProperty("text").GetString());
    }

    private static ExecCheckView Judge(ExecConfig config, string? agent, string? from, string[] argv, TimeSpan? timeout, TimeProvider time)
    {
        var policy = ExecAclReader.Load(config.Acl, time);
        using var acl = (policy as ExecPolicy.Enabled)?.Acl;
        if (from is null)
        {
            using var machine = ExecIdentity.Load(config.Keys, PeerKind.Machine);
            from = machine.Id;
        }

        var request = new ExecRequest
        {
            RequestId = ExecRequestId.New(),
            Sender = new(agent ?? LocalCaller.AgentId(UnixProcess.UserId), from, SenderStanding.Trusted),
            Argv = argv,
            Timeout = timeout ?? default,
        };
        var refusal = new ExecJudge(policy).Refuse(request, out var match);
        return refusal is null ? new(true, match!.Entry.Description, null, null) : new(false, null, refusal.Reason.Wire(), refusal.Text);
    }

    private static string? Id(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        var id when ExecCallJson.IsHex(id, 64) => id,
        var other => throw CommandException.Usage($"{option.Name} must be an id of 64 hex digits, not '{other}'.", "'devops-agent exec identity show' prints them."),
    };
}

/// <param name="Reason">As in the audit log; null: allowed.</param>
internal sealed record ExecCheckView(bool Allowed, string? MatchedAcl, string? Reason, string? Text);
