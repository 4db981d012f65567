using System.CommandLine;
using System.Text;

namespace DevOpsAgent.App.Cli.Completion;

internal static class FishCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("fish", "Completion script for fish");
        command.SetAction(parsed => context.Terminal.Out.Write(Script(CompletionTree.Of(parsed.RootCommandResult.Command))));
        return command;
    }

    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var text = new StringBuilder("# devops-agent: completion for fish.  devops-agent completion fish | source\n");
        foreach (var place in places)
        {
            var here = Condition(place);
            foreach (var word in place.Commands)
            {
                text.Append($"complete -c devops-agent -f -n '{here}' -a {word.Name} -d '{Quoted(word.Description)}'\n");
            }

            foreach (var option in place.Options)
            {
                var forms = string.Join(' ', option.Names.Select(static n => n.StartsWith("--", StringComparison.Ordinal) ? $"-l {n[2..]}" : $"-s {n[1..]}"));
                var values = !option.TakesValue ? "" : option.Values.Count == 0 ? " -r" : $" -x -a '{string.Join(' ', option.Values)}'";
                text.Append($"complete -c devops-agent -n '{here}' {forms}{values} -d '{Quoted(option.Description)}'\n");
            }
        }

        return text.ToString();
    }

    private static string Condition(CompletionPlace place)
    {
        var words = place.Path.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return "__fish_use_subcommand";
        }

        var seen = string.Join("; and ", words.Select(static w => $"__fish_seen_subcommand_from {w}"));
        return place.Commands.Count == 0 ? seen : $"{seen}; and not __fish_seen_subcommand_from {string.Join(' ', place.Commands.Select(static c => c.Name))}";
    }

    private static string Quoted(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);
}
