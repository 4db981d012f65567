using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.App.Views;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands.Identity;

internal static class ShowCommand
{
    public static Command Build(CommandContext context)
    {
        var directory = new Option<string?>("--keys") { Description = "Directory of the keys (default: exec.keys)", HelpName = "directory" };
        var user = new Option<uint?>("--uid") { Description = "The local caller of this number (default: you)", HelpName = "number" };
        var command = new Command("show", "Show the ids that an ACL names: agent, machine, and yours on the socket") { directory, user };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var keys = parsed.GetValue(directory) ?? context.Load(parsed).Config.Exec.Keys;
            var uid = parsed.GetValue(user) ?? UnixProcess.UserId;
            var views = new List<IdentityView>();
            foreach (var kind in (PeerKind[])[PeerKind.Agent, PeerKind.Machine])
            {
                if (ExecIdentity.Exists(keys, kind))
                {
                    using var key = ExecIdentity.Load(keys, kind);
                    views.Add(new(ExecIdentity.Name(kind), key.Id, ExecIdentity.PublicFile(keys, kind)));
                }
            }

            views.Add(new(string.Create(CultureInfo.InvariantCulture, $"local uid {uid}"), LocalCaller.AgentId(uid), null));
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(new Page<IdentityView>(views, views.Count), CliJson.Default.PageIdentityView));
                return ExitCode.Fine;
            }

            var table = new TextTable(new("KIND"), new("ID"), new("PUBLIC KEY", Stretch: true));
            foreach (var view in views)
            {
                table.Add(view.Kind, view.Id, view.PublicKey ?? "(the agent_id of this caller on the socket)");
            }

            table.WriteTo(context.Terminal);
            if (views.Count == 1)
            {
                context.Terminal.Error.WriteLine(SafeText.Of($"devops-agent: there are no keys in {keys}; 'devops-agent exec identity new' makes them."));
            }

            return ExitCode.Fine;
        });
        return command;
    }
}

/// <param name="Kind">"agent", "machine", or "local uid 1000": a caller on the socket, known by the kernel's word and without a key.</param>
/// <param name="PublicKey">The file to hand out.</param>
internal sealed record IdentityView(string Kind, string Id, string? PublicKey);
