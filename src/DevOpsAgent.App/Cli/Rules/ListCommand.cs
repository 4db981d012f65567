using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Rules;

internal static class ListCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("list", "List the rules in force: the built-in ones and those of detection.rules");
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var rules = RuleLibrary.Load(context.Load(parsed).Config.Detection).Rules.Select(RuleView.Of).ToList();
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(new Page<RuleView>(rules, rules.Count), CliJson.Default.PageRuleView));
                return ExitCode.Fine;
            }

            var table = new TextTable(new("RULE"), new("SEVERITY", Paint: Words.PaintSeverity), new("ACTION"), new("TITLE", Stretch: true));
            foreach (var rule in rules)
            {
                table.Add(rule.Id, rule.Severity, rule.Action, rule.Title);
            }

            table.WriteTo(context.Terminal);
            return ExitCode.Fine;
        });
        return command;
    }
}
