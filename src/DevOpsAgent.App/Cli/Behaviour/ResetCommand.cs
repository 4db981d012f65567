using System.CommandLine;

namespace DevOpsAgent.App.Cli.BehaviourCommands;

internal static class ResetCommand
{
    public static Command Build(CommandContext context)
    {
        var agent = new Argument<string?>("agent") { Description = "Whose baseline, as 'person ada'", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every agent's" };
        var command = new Command("reset", "Forget a baseline, so that what is done from now on becomes usual") { agent, all };
        command.SetAction(parsed =>
        {
            var loaded = context.Load(parsed);
            var name = parsed.GetValue(agent);
            if (name is null != parsed.GetValue(all))
            {
                throw CommandException.Usage("Name one agent, or give --all.", "'devops-agent behaviour show' lists them.");
            }

            using var store = OperatorDesk.Look(loaded);
            var gone = store.Behaviour.Reset(name);
            if (name is not null && gone == 0)
            {
                throw CommandException.Refused($"Nothing is known of an agent '{name}'.", "'devops-agent behaviour show' lists those that are.");
            }

            var windows = Math.Max(2, loaded.Config.Behaviour.BaselineMinWindows);
            context.Terminal.Out.WriteLine($"{Words.Count(gone, "baseline", "baselines")} forgotten; the next {windows} windows of {Words.Duration(TimeSpan.FromSeconds(loaded.Config.Behaviour.WindowSecs))} with calls make a new one. A running agent follows within seconds.");
            return ExitCode.Fine;
        });
        return command;
    }
}
