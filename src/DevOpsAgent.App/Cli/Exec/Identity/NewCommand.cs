using System.CommandLine;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands.Identity;

internal static class NewCommand
{
    public static Command Build(CommandContext context)
    {
        var agent = new Option<bool>("--agent") { Description = "Only the agent's key" };
        var machine = new Option<bool>("--machine") { Description = "Only the machine's key" };
        var directory = new Option<string?>("--out") { Description = "Where to (default: exec.keys)", HelpName = "directory" };
        var command = new Command("new", "Make keys for an agent and its machine; never overwrites one") { agent, machine, directory };
        command.SetAction(parsed =>
        {
            var to = parsed.GetValue(directory) ?? context.Load(parsed).Config.Exec.Keys;
            PeerKind[] kinds = (parsed.GetValue(agent), parsed.GetValue(machine)) switch
            {
                (true, false) => [PeerKind.Agent],
                (false, true) => [PeerKind.Machine],
                _ => [PeerKind.Agent, PeerKind.Machine],
            };

            // Before the first is made: half an identity would be left of a second that can't be.
            foreach (var kind in kinds.Where(k => ExecIdentity.Exists(to, k)))
            {
                throw CommandException.Refused($"{ExecIdentity.KeyFile(to, kind)} exists already and is not overwritten.", "Name another directory with --out, or move the file away first.");
            }

            foreach (var kind in kinds)
            {
                var made = ExecIdentity.Create(to, kind);
                context.Terminal.Out.WriteLine(SafeText.Of($"{ExecIdentity.Name(kind),-8} {made.Id}  {ExecIdentity.PublicFile(to, kind)}"));
            }

            return ExitCode.Fine;
        });
        return command;
    }
}
