using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Reflection;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>The command line: builds the commands of <see cref="CommandTable"/>, reads arguments, runs what they name.</summary>
internal static class CommandLine
{
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal)
    {
        try
        {
            // No response files: "@name" in an argument may come out of a log line, and would read a file.
            var parsed = Build(terminal).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Action is ParseErrorAction)
            {
                return ReportUsage(parsed, terminal);
            }

            // "blocks add 203.0.113.7 --tll 1h": a slip in an option must not become one more argument. After "--" it may.
            if (parsed.CommandResult.Tokens.FirstOrDefault(static t => t.Type == TokenType.Argument && t.Value is ['-', _, ..]) is { } slip
                && !parsed.Tokens.Any(static t => t.Type == TokenType.DoubleDash))
            {
                return ReportUnknown(parsed.CommandResult.Command, slip.Value, terminal);
            }

            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
            });
        }
        catch (Exception e)
        {
            return Failure.Report(e, terminal);
        }
    }

    public static RootCommand Build(Terminal terminal)
    {
        var context = new CommandContext(terminal, new RootOptions());
        var root = new RootCommand("Watches Traefik's access logs, finds clients that scan for secrets, and denies them once a person (or mode auto) approves.");
        root.Directives.Clear();
        root.Options.Add(context.Options.Config);
        foreach (var option in context.Options.Overrides)
        {
            root.Options.Add(option);
        }

        root.Options.Add(context.Options.EsListen);
        root.SetAction((parsed, cancellation) => ServiceCommand.RunAsync(context.Load(parsed), terminal, cancellation, parsed.GetValue(context.Options.EsListen)));
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction(terminal);

        var examples = new Dictionary<Command, IReadOnlyList<string>> { [root] = CommandTable.RootExamples };
        foreach (var entry in CommandTable.All)
        {
            var words = entry.Path.Split(' ');
            Command parent = root;
            for (var depth = 1; depth < words.Length; depth++)
            {
                parent = Noun(parent, words[depth - 1], CommandTable.Nouns[string.Join(' ', words[..depth])]);
            }

            var command = entry.Build(context);
            examples[command] = entry.Examples;
            parent.Subcommands.Add(command);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        var usual = (HelpAction)help.Action!;
        usual.MaxWidth = Math.Min(terminal.Width, 120);
        help.Action = new HelpWithExamples(usual, terminal, examples);
        return root;
    }

    /// <summary>"devops-agent config check".</summary>
    public static string PathOf(Command command)
    {
        var parent = command.Parents.OfType<Command>().FirstOrDefault();
        return parent is null ? "devops-agent" : $"{PathOf(parent)} {command.Name}";
    }

    private static int ReportUsage(ParseResult parsed, Terminal terminal)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [var word, ..] && (command.Subcommands.Count > 0 || word.StartsWith('-')))
        {
            return ReportUnknown(command, word, terminal);
        }

        foreach (var error in parsed.Errors)
        {
            terminal.Error.WriteLine("devops-agent: " + SafeText.Of(error.Message));
        }

        return ShowWhereHelpIs(command, terminal);
    }

    private static int ReportUnknown(Command command, string word, Terminal terminal)
    {
        var near = NearestName.Of(word, command.Subcommands.Select(static c => c.Name).Concat(command.Options.Select(static o => o.Name)));
        terminal.Error.WriteLine($"devops-agent: '{SafeText.Of(word)}' is not known to '{PathOf(command)}'" + (near is null ? "." : $"; did you mean '{near}'?"));
        return ShowWhereHelpIs(command, terminal);
    }

    private static int ShowWhereHelpIs(Command command, Terminal terminal)
    {
        terminal.Error.WriteLine($"'{PathOf(command)} --help' shows the usage.");
        return ExitCode.Usage;
    }

    private static Command Noun(Command parent, string name, string description)
    {
        if (parent.Subcommands.FirstOrDefault(c => c.Name == name) is { } known)
        {
            return known;
        }

        var noun = new Command(name, description);
        parent.Subcommands.Add(noun);
        return noun;
    }

    /// <summary>The usual help, and below it the examples of the table.</summary>
    private sealed class HelpWithExamples(HelpAction usual, Terminal terminal, Dictionary<Command, IReadOnlyList<string>> examples) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var exitCode = usual.Invoke(parseResult);
            if (examples.TryGetValue(parseResult.CommandResult.Command, out var lines) && lines.Count > 0)
            {
                terminal.Out.WriteLine("Examples:");
                foreach (var line in lines)
                {
                    terminal.Out.WriteLine("  " + line);
                }

                terminal.Out.WriteLine();
            }

            return exitCode;
        }
    }

    private sealed class VersionAction(Terminal terminal) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            terminal.Out.WriteLine("devops-agent " + Version);
            return ExitCode.Fine;
        }
    }
}
