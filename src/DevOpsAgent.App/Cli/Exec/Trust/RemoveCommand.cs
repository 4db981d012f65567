using System.CommandLine;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands.Trust;

internal static class RemoveCommand
{
    private const int LeastPrefix = 8;

    public static Command Build(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = $"The key's id, or its first {LeastPrefix} digits or more", HelpName = "id" };
        var command = new Command("remove", "Trust a key no longer; what it runs ends with its lease") { id };
        command.SetAction(parsed =>
        {
            var file = context.Load(parsed).Config.Exec.Trust;
            var prefix = parsed.GetRequiredValue(id).ToLowerInvariant();
            if (prefix.Length < LeastPrefix)
            {
                throw CommandException.Usage($"'{prefix}' is shorter than {LeastPrefix} digits.", "'devops-agent exec trust list' shows the ids.");
            }

            var found = (File.Exists(file) ? TrustFile.Read(file) : []).Select(static e => e.Key.Id).Where(i => i.StartsWith(prefix, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
            if (found.Count != 1)
            {
                throw CommandException.Refused(found.Count == 0 ? $"No key with the id {prefix} is trusted in {file}." : $"{prefix} begins the ids of {found.Count} keys.", "'devops-agent exec trust list' shows the ids.");
            }

            TrustFile.Remove(file, found[0]);
            context.Terminal.Out.WriteLine($"{found[0]} is not trusted any more.");
            return ExitCode.Fine;
        });
        return command;
    }
}
