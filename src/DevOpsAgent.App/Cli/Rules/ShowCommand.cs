using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Rules;

internal static class ShowCommand
{
    public static Command Build(CommandContext context)
    {
        var id = new Argument<string>("rule") { Description = "The rule's id", HelpName = "id" };
        var command = new Command("show", "Show one rule: what it counts, when it fires, what follows") { id };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var rule = RuleView.Of(RuleView.Find(RuleLibrary.Load(context.Load(parsed).Config.Detection), parsed.GetRequiredValue(id)));
            context.Terminal.Out.WriteLine(format.IsJson(parsed) ? JsonSerializer.Serialize(rule, CliJson.Default.RuleView) : Text(rule));
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Text(RuleView rule)
    {
        var lines = new List<string>
        {
            $"{rule.Id} (version {rule.Version}): {rule.Title}",
            $"Threat     {rule.Threat}, {rule.Severity}",
            $"Action     {rule.Action}, mode {rule.Mode ?? "as configured"}, for {(rule.TtlSeconds is { } ttl ? Words.Duration(TimeSpan.FromSeconds(ttl)) : "blocking.ttl")}",
        };
        lines.AddRange(rule.When.Select(static (w, i) => (i == 0 ? "Fires when " : "       and ") + w.Text()));
        if (rule.Campaign is { } campaign)
        {
            lines.Add($"Campaign   {campaign.Clients} clients and {campaign.DistinctPaths} distinct paths of {campaign.Where}");
        }

        lines.AddRange(rule.Except.Select(static e => "Except     " + e));
        lines.Add($"From       {rule.Origin}");
        return string.Join('\n', lines.Select(SafeText.Of));
    }
}
