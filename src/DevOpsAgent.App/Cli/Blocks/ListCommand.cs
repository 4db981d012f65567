using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Blocking;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Cli.Blocks;

internal static class ListCommand
{
    public static Command Build(CommandContext context)
    {
        var all = new Option<bool>("--all", "-A") { Description = "Also expired, lifted and failed ones" };
        var limit = new Option<int>("--limit") { Description = "At most so many", HelpName = "n", DefaultValueFactory = static _ => 100 };
        var offset = new Option<int>("--offset") { Description = "Leave out the first so many", HelpName = "n" };
        var watch = Watching.Option();
        var command = new Command("list", "List blocks, newest first, with the time that is left") { all, limit, offset, watch };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var least = Incidents.ListCommand.InRange(parsed.GetValue(limit), "--limit", 1, 100_000);
            var skip = Incidents.ListCommand.InRange(parsed.GetValue(offset), "--offset", 0, int.MaxValue);
            using var store = OperatorDesk.Look(context.Load(parsed));
            var seen = new Dictionary<long, BlockStatus>();
            return await Watching.RunAsync(store, parsed.GetValue(watch), context.Terminal, first =>
            {
                var blocks = store.ListBlocks(liveOnly: !parsed.GetValue(all) && first, least, skip, out var total);
                var news = blocks.Where(b => first || !seen.TryGetValue(b.Id, out var status) || status != b.Status).ToList();
                foreach (var block in news)
                {
                    seen[block.Id] = block.Status;
                }

                Write(context.Terminal, news, total, first, format.IsJson(parsed), parsed.GetValue(watch));
            }, cancellation);
        });
        return command;
    }

    private static void Write(Terminal terminal, IReadOnlyList<Block> blocks, int total, bool first, bool json, bool watch)
    {
        if (json && !watch)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(new Page<BlockView>([.. blocks.Select(BlockView.Of)], total), ViewJson.Default.PageBlockView));
        }
        else if (json)
        {
            foreach (var block in blocks)
            {
                terminal.Out.WriteLine(JsonSerializer.Serialize(BlockView.Of(block), CliJson.Lines.BlockView));
            }
        }
        else if (first || blocks.Count > 0)
        {
            var now = terminal.Time.GetUtcNow();
            var table = new TextTable(
                new("ID", Right: true), new("RANGE"), new("STATUS", Paint: Words.PaintStatus), new("LEFT", Right: true),
                new("INCIDENT", Right: true), new("BY"), new("REASON", Stretch: true));
            foreach (var b in blocks)
            {
                var live = b.Status is BlockStatus.Pending or BlockStatus.Active or BlockStatus.Unconfirmed;
                table.Add($"{b.Id}", b.Range.ToString(), Words.Name(b.Status), live ? Words.Age(b.ExpiresAt - now) : "-", b.IncidentId is { } id ? $"{id}" : "-", SafeText.Cut(b.ApprovedBy, 16), b.Reason);
            }

            table.WriteTo(terminal);
        }
    }
}
