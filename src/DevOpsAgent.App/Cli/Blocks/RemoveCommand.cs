using System.CommandLine;
using DevOpsAgent.Addresses;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.Blocking;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.Blocks;

internal static class RemoveCommand
{
    public static Command Build(CommandContext context)
    {
        var blocks = new Argument<string[]>("block") { Description = "Blocks by number, or addresses and ranges whose blocks end", HelpName = "id|ip|cidr", Arity = ArgumentArity.OneOrMore };
        var by = Operator.ByOption();
        var command = new Command("remove", "End blocks at once") { blocks, by };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var found = new List<(string Asked, Block? Block)>();
            foreach (var text in parsed.GetRequiredValue(blocks))
            {
                found.AddRange(Find(desk, text));
            }

            return Decision.Report(context.Terminal, await RemoveAsync(desk, context.Terminal, found, who, cancellation), format.IsJson(parsed));
        });
        return command;
    }

    private static IEnumerable<(string Asked, Block? Block)> Find(OperatorDesk desk, string text)
    {
        if (long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id))
        {
            return [(text, desk.Store.GetBlock(id))];
        }

        if (!AddressRange.TryParse(text, out var range))
        {
            throw CommandException.Usage($"'{text}' is neither a block's number nor an address or range.", "'devops-agent blocks list' shows both.");
        }

        var inside = desk.Store.GetLiveBlocks().Where(b => range.Contains(b.Range)).Select(b => (text, (Block?)b)).ToList();
        return inside.Count > 0 ? inside : [(text, null)];
    }

    private static async Task<IReadOnlyList<DecisionView>> RemoveAsync(OperatorDesk desk, Terminal terminal, List<(string Asked, Block? Block)> found, Operator who, CancellationToken cancellationToken)
    {
        var live = found.Select(static f => f.Block).OfType<Block>().Where(static b => BlockLedger.IsLive(b.Status)).DistinctBy(static b => b.Id).ToList();
        var byUndo = new List<long>();
        foreach (var block in live)
        {
            // An incident whose last block ends is no longer blocked: it goes back to review, and mode auto won't block it again.
            var last = block.IncidentId is { } id && !desk.Store.GetLiveBlocks().Any(b => b.IncidentId == id && b.Id != block.Id);
            if (last && (await desk.Effects.DecideAsync([new(block.IncidentId!.Value, DecisionKind.Undo, who.By, who.Origin)], who.Caller, cancellationToken))[0].Result == DeskResult.Done)
            {
                byUndo.Add(block.Id);
            }
        }

        var written = (await desk.Effects.UnblockAsync([.. live.Select(static b => b.Id).Except(byUndo)], who.Caller, cancellationToken)).Select(static l => l.Outcome?.Written).FirstOrDefault(static w => w is not null);
        if (byUndo.Count > 0 && desk.AgentRuns)
        {
            await desk.WaitForAgentAsync(() => byUndo.TrueForAll(b => !BlockLedger.IsLive(desk.Store.GetBlock(b)!.Status)), cancellationToken);
        }
        else if (byUndo.Count > 0)
        {
            written = await desk.Agent.Blocker.SyncAsync();
        }

        return [.. found.Select(f => Describe(desk, terminal, f.Asked, f.Block, written))];
    }

    private static DecisionView Describe(OperatorDesk desk, Terminal terminal, string asked, Block? before, TargetResult? written)
    {
        if (before is null)
        {
            return new(0, "not_found", null, $"There is no block {asked}.", null);
        }

        var block = desk.Store.GetBlock(before.Id) ?? before;
        var status = Words.Name(block.Status);
        return before switch
        {
            _ when !BlockLedger.IsLive(before.Status) => new(block.Id, "already_done", status, $"Block {block.Id} of {block.Range} is {status}: it denies nothing.", null),
            _ when BlockLedger.IsLive(block.Status) => new(block.Id, "waiting", status, $"The end of block {block.Id} is stored, but the running agent has not applied it within ten seconds.", null),
            _ when written is { Outcome: TargetOutcome.Failed } => new(block.Id, "failed", status, $"Block {block.Id} has ended, but the target could not be written: {written.Detail}", null),
            _ => new(block.Id, "done", status, $"Block {block.Id}: {block.Range} {(written is null ? "has ended; the running agent opens it within two seconds." : "is open again. " + written.Detail)}", BlockAction.UndoLift(before, terminal.Time.GetUtcNow())),
        };
    }
}
