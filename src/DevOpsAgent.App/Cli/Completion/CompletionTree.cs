using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;

namespace DevOpsAgent.App.Cli.Completion;

/// <summary>The commands as a completion script needs them: each place with the words that may follow.</summary>
/// <param name="Path">"" for the root, else " config check" with a leading blank for each word.</param>
/// <param name="TakesArguments">True: other words than these may follow, such as files.</param>
internal sealed record CompletionPlace(string Path, IReadOnlyList<CompletionWord> Commands, IReadOnlyList<CompletionOption> Options, bool TakesArguments);

internal sealed record CompletionWord(string Name, string Description);

/// <param name="Names">All forms: --output, -o.</param>
/// <param name="Values">The values that are known; empty with TakesValue: any text or file.</param>
internal sealed record CompletionOption(IReadOnlyList<string> Names, string Description, bool TakesValue, IReadOnlyList<string> Values);

internal static class CompletionTree
{
    public static IReadOnlyList<CompletionPlace> Of(Command root)
    {
        var places = new List<CompletionPlace>();
        Add(root, "", [], places);
        return places;
    }

    private static void Add(Command command, string path, IReadOnlyList<Option> inherited, List<CompletionPlace> places)
    {
        var options = inherited.Concat(command.Options).Where(static o => !o.Hidden && o.Description is not null).Distinct().ToArray();
        places.Add(new(
            path,
            [.. command.Subcommands.Where(static c => !c.Hidden).Select(static c => new CompletionWord(c.Name, c.Description ?? ""))],
            [.. options.Select(Of)],
            command.Arguments.Count > 0));
        Option[] recursive = [.. options.Where(static o => o.Recursive)];
        foreach (var child in command.Subcommands)
        {
            Add(child, $"{path} {child.Name}", recursive, places);
        }
    }

    private static CompletionOption Of(Option option)
    {
        var takesValue = option.ValueType != typeof(bool) && option is not (HelpOption or VersionOption);
        string[] names = option is HelpOption ? ["--help", "-h"] : [option.Name, .. option.Aliases.Where(a => a != option.Name)];
        return new(names, option.Description ?? "", takesValue,
            takesValue ? [.. option.GetCompletions(CompletionContext.Empty).Select(static c => c.Label)] : []);
    }
}
