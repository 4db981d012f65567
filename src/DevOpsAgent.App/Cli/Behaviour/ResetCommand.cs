using System.CommandLine;

namespace DevOpsAgent.App.Cli.BehaviourCommands;

internal static class ResetCommand
{
    public static Command Build(CommandContext context)
    {
        var agent = new Argument<string?>("agent") { Description = "Whose baseline, as 'person ada'", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every agent's" };
        var by = Operator.ByOption();
        var command = new Command("reset", "Forget a baseline, so that what is done from now on becomes usual") { agent, all, by };
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var loaded = context.Load(parsed);
            var name = parsed.GetValue(agent);
            if (name is null != parsed.GetValue(all))
            {
                throw CommandException.Usage("Name one agent, or give --all.", "'devops-agent behaviour show' lists them.");
            }

            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var (forgotten, text) = await desk.Effects.ResetBehaviourAsync(name, who.Caller, cancellation);
            if (forgotten is not { } gone)
            {
                throw CommandException.Refused(text, "'devops-agent behaviour show' lists the agents that are known.");
            }

            var windows = Math.Max(2, loaded.Config.Behaviour.BaselineMinWindows);
            context.Terminal.Out.WriteLine($"{Words.Count(gone, "baseline", "baselines")} forgotten; the next {windows} windows of {Words.Duration(TimeSpan.FromSeconds(loaded.Config.Behaviour.WindowSecs))} with calls make a new one. A running agent follows within seconds.");
            return ExitCode.Fine;
        });
        return command;
    }
}
