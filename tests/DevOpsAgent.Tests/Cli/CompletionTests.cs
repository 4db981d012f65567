using System.Diagnostics;

namespace DevOpsAgent.Tests.Cli;

public sealed class CompletionTests
{
    /// <summary>The words typed so far, the last one unfinished, and what bash then offers.</summary>
    [Theory]
    [InlineData("", "config completion")]
    [InlineData("conf", "config")]
    [InlineData("config ", "check show")]
    [InlineData("config sh", "show")]
    [InlineData("--mode ", "auto review disabled")]
    [InlineData("--mode a", "auto")]
    [InlineData("config check --js", "--json")]
    [InlineData("config show -o ", "json yaml")]
    [InlineData("config check --output t", "table")]
    [InlineData("--serve", "--serve-spa")]
    public async Task Bash_offers(string typed, string expected)
    {
        var script = (await TestTerminal.RunAsync(TestTerminal.Of(), "completion", "bash")).Out;
        var words = ("devops-agent " + typed).Split(' ');
        var driver = $"{script}\nCOMP_WORDS=({string.Join(' ', words.Select(static w => $"'{w}'"))}); COMP_CWORD={words.Length - 1}; _devops_agent; echo \"${{COMPREPLY[*]}}\"";
        var offered = (await BashAsync(driver)).Trim().Split(' ');
        expected.Split(' ').Except(offered, StringComparer.Ordinal).ShouldBeEmpty();
        var unfinished = words[^1];
        offered.ShouldAllBe(word => word.StartsWith(unfinished, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("zsh", "'check:Check the configuration\\: everything")]
    [InlineData("zsh", "' --mode') compadd -- auto disabled review")]
    [InlineData("zsh", "compdef _devops_agent devops-agent")]
    [InlineData("fish", "complete -c devops-agent -f -n '__fish_use_subcommand' -a config -d 'Check and show the configuration'")]
    [InlineData("fish", "__fish_seen_subcommand_from config; and __fish_seen_subcommand_from check' -l json")]
    public async Task Other_shells_know_commands_and_options(string shell, string expected) =>
        (await TestTerminal.RunAsync(TestTerminal.Of(), "completion", shell)).Out.ShouldContain(expected);

    private static async Task<string> BashAsync(string script)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["--norc", "-s"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await bash.StandardInput.WriteAsync(script);
        bash.StandardInput.Close();
        var output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        (await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }
}
