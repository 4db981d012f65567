using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli.BehaviourCommands;

internal static class ShowCommand
{
    public static Command Build(CommandContext context)
    {
        var agent = new Argument<string?>("agent") { Description = "Draw this agent's charts, as 'person ada'; without it each agent gets a line per metric", Arity = ArgumentArity.ZeroOrOne };
        var limit = new Option<int>("--limit") { Description = "At most so many agents, most recently seen first (default: 20)", HelpName = "count", DefaultValueFactory = static _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and <= 1000))
            {
                result.AddError("--limit must be a whole number from 1 to 1000.");
            }
        });
        var command = new Command("show", "Show what is usual for each caller of tools, and what was not") { agent, limit };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var terminal = context.Terminal;
            var loaded = context.Load(parsed);
            var name = parsed.GetValue(agent);
            using var store = OperatorDesk.Look(loaded);
            var view = BehaviourView.Of(store.Behaviour, loaded.Config.Behaviour, terminal.Time.GetUtcNow(), name, name is null ? parsed.GetValue(limit) : 1);
            if (name is not null && view.Items.Count == 0)
            {
                throw CommandException.Refused($"Nothing is known of an agent '{name}'.", "'devops-agent behaviour show' lists those that are.");
            }

            if (format.IsJson(parsed))
            {
                terminal.Out.WriteLine(JsonSerializer.Serialize(view, ViewJson.Default.BehaviourView));
            }
            else
            {
                BehaviourText.Write(view, charts: name is not null, terminal);
            }

            return ExitCode.Fine;
        });
        return command;
    }
}
