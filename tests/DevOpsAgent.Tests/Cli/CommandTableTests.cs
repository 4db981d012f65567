using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using DevOpsAgent.App.Cli;

namespace DevOpsAgent.Tests.Cli;

/// <summary>Walks every command of the table.</summary>
public sealed class CommandTableTests
{
    public static TheoryData<string> Paths() => [.. CommandTable.All.Select(static e => e.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Help_works_and_shows_the_examples(string path)
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), [.. path.Split(' '), "--help"]);
        exit.ShouldBe(ExitCode.Fine);
        error.ShouldBeEmpty();
        text.ShouldMatch($"Usage:\n  [^ ]+ {path} ");
        text.Split('\n').Where(static l => !l.StartsWith("  devops-agent", StringComparison.Ordinal)).ShouldAllBe(static l => l.Length <= 80);
        foreach (var example in CommandTable.All.Single(e => e.Path == path).Examples)
        {
            text.ShouldContain("\n  " + example + "\n");
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Words_and_options_are_described(string path)
    {
        var command = Find(path);
        command.Description.ShouldNotBeNullOrWhiteSpace();
        command.Description.ShouldNotEndWith(".");
        command.Action.ShouldNotBeNull();
        command.Options.ShouldAllBe(static o => !string.IsNullOrWhiteSpace(o.Description));
        command.Arguments.ShouldAllBe(static a => !string.IsNullOrWhiteSpace(a.Description));
        command.Options.Where(static o => o.ValueType != typeof(bool) && o is not (HelpOption or VersionOption)).ShouldAllBe(static o => !string.IsNullOrWhiteSpace(o.HelpName));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_listing_speaks_json(string path)
    {
        if (path.Split(' ')[^1] is "list" or "show" or "check")
        {
            Find(path).Options.ShouldContain(static o => o.Name == "--json");
            Find(path).Options.ShouldContain(static o => o.Name == "--output");
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task An_unknown_option_is_wrong_usage_and_names_the_command(string path)
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), [.. path.Split(' '), "--no-such-option"]);
        exit.ShouldBe(ExitCode.Usage);
        text.ShouldBeEmpty();
        error.ShouldContain("--no-such-option");
        error.ShouldContain($"devops-agent {path} --help");
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void An_example_parses(string path)
    {
        foreach (var example in CommandTable.All.Single(e => e.Path == path).Examples.Where(static e => !e.Contains("<(") && !e.Contains("$(")))
        {
            var call = example[example.IndexOf("devops-agent ", StringComparison.Ordinal)..].Split(" > ")[0].Split(" | ")[0];
            var words = CommandLineParser.SplitCommandLine(call.Replace('\'', '"')).Skip(1);
            CommandLine.Build(TestTerminal.Of()).Parse([.. words]).Errors.ShouldBeEmpty(example);
        }
    }

    [Theory]
    [InlineData("blocks add 203.0.113.7 --tll 1h", "did you mean '--ttl'?")]
    [InlineData("explain -x", "'-x' is not known")]
    public async Task A_slip_in_an_option_is_no_argument(string arguments, string expected)
    {
        var (exit, _, error) = await TestTerminal.RunAsync(TestTerminal.Of(), arguments.Split(' '));
        exit.ShouldBe(ExitCode.Usage);
        error.ShouldContain(expected);
    }

    [Fact]
    public void Every_noun_of_the_table_has_a_description() =>
        CommandTable.All.Select(static e => e.Path.Split(' ')).SelectMany(static w => Enumerable.Range(1, w.Length - 1).Select(n => string.Join(' ', w[..n]))).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal).ShouldBe(CommandTable.Nouns.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("config chekc", "did you mean 'check'?")]
    [InlineData("cofnig", "did you mean 'config'?")]
    [InlineData("--mod auto", "did you mean '--mode'?")]
    [InlineData("config", "Required command was not provided.")]
    public async Task Slips_get_a_suggestion(string arguments, string expected)
    {
        var (exit, _, error) = await TestTerminal.RunAsync(TestTerminal.Of(), arguments.Split(' '));
        exit.ShouldBe(ExitCode.Usage);
        error.ShouldContain(expected);
    }

    [Fact]
    public async Task Version() => (await TestTerminal.RunAsync(TestTerminal.Of(), "--version")).Out.ShouldMatch("^devops-agent [0-9]+\\.[0-9]+\\.[0-9]+\n$");

    /// <summary>The attack: an argument that came out of a log line ("@/etc/passwd") must not be opened as a file of arguments.</summary>
    [Fact]
    public async Task An_argument_that_begins_with_at_is_not_a_file()
    {
        using var folder = new Configuration.TemporaryFolder();
        var (exit, text, _) = await TestTerminal.RunAsync(TestTerminal.Of(), "@" + folder.Write("arguments", "--version"));
        exit.ShouldBe(ExitCode.Usage);
        text.ShouldBeEmpty();
    }

    private static Command Find(string path) =>
        path.Split(' ').Aggregate((Command)CommandLine.Build(TestTerminal.Of()), static (command, word) => command.Subcommands.Single(c => c.Name == word));
}
