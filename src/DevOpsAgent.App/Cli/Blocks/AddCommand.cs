using System.CommandLine;
using DevOpsAgent.Addresses;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;

namespace DevOpsAgent.App.Cli.Blocks;

internal static class AddCommand
{
    public static Command Build(CommandContext context)
    {
        var ranges = new Argument<string[]>("range") { Description = "Addresses or CIDR ranges", HelpName = "ip|cidr", Arity = ArgumentArity.OneOrMore };
        var by = Operator.ByOption();
        var ttl = ApproveCommand.TtlOption("How long (default: blocking.ttl)");
        var reason = new Option<string>("--reason", "-r") { Description = "Why, for the listing and the history", HelpName = "text", DefaultValueFactory = static _ => "by hand" };
        var command = new Command("add", "Deny addresses or ranges by hand, through the same checks as every block") { ranges, by, ttl, reason };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var time = ApproveCommand.Duration(parsed.GetValue(ttl));
            var asked = parsed.GetRequiredValue(ranges).Select(static text => AddressRange.TryParse(text, out var range)
                ? range
                : throw CommandException.Usage($"'{text}' is not an IP address or CIDR range.", "Write it as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/48.")).Distinct().ToList();
            var loaded = context.Load(parsed);
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var views = await AddAsync(desk, asked, range => new()
            {
                Range = range,
                Reason = parsed.GetValue(reason)!,
                Ttl = time ?? loaded.Config.Blocking.Ttl,
                By = who.By,
                Origin = who.Origin,
                Mode = Mode.Review,
            }, cancellation);
            return Decision.Report(context.Terminal, views, format.IsJson(parsed));
        });
        return command;
    }

    private static async Task<IReadOnlyList<DecisionView>> AddAsync(OperatorDesk desk, List<AddressRange> ranges, Func<AddressRange, BlockRequest> request, CancellationToken cancellationToken)
    {
        var live = desk.Store.GetLiveBlocks();
        var there = ranges.ToDictionary(static r => r, r => live.FirstOrDefault(b => b.Range.Contains(r)));
        var requests = ranges.Where(r => there[r] is null).Select(request).ToList();
        var answers = await desk.Effects.BlockAsync(requests, cancellationToken);
        var byRange = answers.ToDictionary(static a => a.Request.Range);
        return [.. ranges.Select(r => there[r] is { } block
            ? new DecisionView(block.Id, "already_done", Words.Name(block.Status), $"{r} is denied by block {block.Id} until {Words.At(block.ExpiresAt)} already.", BlockAction.Undo(block))
            : Describe(byRange[r]))];
    }

    private static DecisionView Describe(BlockAnswer answer) => answer switch
    {
        { Verdict: BlockVerdict.Active or BlockVerdict.Unconfirmed, Block: { } block } =>
            new(block.Id, "done", Words.Name(block.Status), $"Block {block.Id}: {block.Range} denied until {Words.At(block.ExpiresAt)} ({(answer.Verdict == BlockVerdict.Active ? "confirmed" : "unconfirmed")}). {answer.Text}", BlockAction.Undo(block)),
        { Verdict: BlockVerdict.Held, Block: { } block } =>
            new(block.Id, "waiting", "pending", $"Block {block.Id} of {block.Range} is stored, but the running agent has not applied it within ten seconds: see 'devops-agent blocks list'.", BlockAction.Undo(block)),
        { Verdict: BlockVerdict.Failed, Block: { } block } => new(block.Id, "failed", Words.Name(block.Status), $"{block.Range} is not denied: {answer.Text}", null),
        _ => new(0, "refused", null, answer.Text, null),
    };
}
