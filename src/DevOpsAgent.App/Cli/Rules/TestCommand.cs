using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Rules;

internal static class TestCommand
{
    public static Command Build(CommandContext context)
    {
        var folders = new Argument<string[]>("folder") { Description = "A case (lines.jsonl, expected.yaml, rules/), or a folder of cases", HelpName = "folder", Arity = ArgumentArity.OneOrMore };
        var command = new Command("test", "Run rule tests: log lines and what is expected of them (exit code 1: one failed)") { folders };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var terminal = context.Terminal;
            var config = context.Load(parsed).Config.Detection;
            var results = parsed.GetRequiredValue(folders).SelectMany(f => RuleTestRunner.RunAll(f, config)).ToList();
            var failed = results.Count(static r => !r.Passed);
            if (format.IsJson(parsed))
            {
                var view = new RuleTestView(results.Count - failed, failed, [.. results.Select(static r => new RuleCaseView(r.Name, r.Passed, r.Failures))]);
                terminal.Out.WriteLine(JsonSerializer.Serialize(view, CliJson.Default.RuleTestView));
            }
            else
            {
                foreach (var result in results)
                {
                    terminal.Out.WriteLine(SafeText.Of($"{(result.Passed ? "passed" : "FAILED")}  {result.Name}"));
                    foreach (var failure in result.Failures)
                    {
                        terminal.Out.WriteLine("        " + SafeText.Of(failure));
                    }
                }

                terminal.Out.WriteLine($"{results.Count - failed} passed, {failed} failed");
            }

            return failed == 0 ? ExitCode.Fine : ExitCode.FoundOrRefused;
        });
        return command;
    }
}

internal sealed record RuleCaseView(string Name, bool Passed, IReadOnlyList<string> Failures);

internal sealed record RuleTestView(int Passed, int Failed, IReadOnlyList<RuleCaseView> Cases);
