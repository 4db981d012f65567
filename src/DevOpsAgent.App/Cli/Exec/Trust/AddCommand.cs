using System.CommandLine;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands.Trust;

internal static class AddCommand
{
    private const string Marker = "-----BEGIN";

    public static Command Build(CommandContext context)
    {
        var key = new Argument<string>("key") { Description = "A .pub file, - for standard input, or the PEM text itself", HelpName = "file|pem" };
        var agent = new Option<bool>("--agent") { Description = "It is an agent's key (default: as the file says)" };
        var machine = new Option<bool>("--machine") { Description = "It is a machine's key (default: as the file says)" };
        var description = new Option<string>("--description", "-d") { Description = "Whose it is", HelpName = "text", DefaultValueFactory = static _ => "" };
        var command = new Command("add", "Trust the key of an agent or a machine") { key, agent, machine, description };
        command.SetAction(parsed =>
        {
            var text = Read(parsed.GetRequiredValue(key), context.Terminal);
            if (!PeerKey.TryReadPem(text, out var peer, out var wrong))
            {
                throw CommandException.Refused($"That key can't be trusted. {wrong}");
            }

            PeerKind? kind = (parsed.GetValue(agent), parsed.GetValue(machine)) switch
            {
                (true, false) => PeerKind.Agent,
                (false, true) => PeerKind.Machine,
                (false, false) => PeerKey.KindIn(text),
                _ => throw CommandException.Usage("--agent and --machine contradict each other; give one of them.", "An agent and a machine each need a key of their own."),
            };
            if (kind is not { } known)
            {
                throw CommandException.Usage("The text does not say whether the key is an agent's or a machine's.", "Give --agent or --machine.");
            }

            var note = parsed.GetRequiredValue(description);
            if (note.Length > TrustFile.MaxDescription || note.Any(char.IsControl))
            {
                throw CommandException.Usage($"--description must be at most {TrustFile.MaxDescription} visible characters.");
            }

            var file = context.Load(parsed).Config.Exec.Trust;
            var added = TrustFile.Add(file, new(known, peer, note, context.Terminal.Time.GetUtcNow()));
            context.Terminal.Out.WriteLine(SafeText.Of($"The {ExecIdentity.Name(known)} {peer.Id} {(added ? "is trusted now" : "was trusted already")} ({file})."));
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Read(string key, Terminal terminal)
    {
        if (key.StartsWith(Marker, StringComparison.Ordinal))
        {
            return key;
        }

        if (key == "-")
        {
            var text = new char[16 * 1024];
            return new(text, 0, terminal.In.ReadBlock(text, 0, text.Length));
        }

        var info = new FileInfo(key);
        return info.Exists && info.Length > 16 * 1024 ? throw CommandException.Refused($"{key} is too long to be a public key.") : File.ReadAllText(key);
    }
}
