using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Addresses;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

internal static class CheckCommand
{
    public static Command Build(CommandContext context)
    {
        var ip = new Argument<string>("ip") { Description = "The address", HelpName = "ip" };
        var command = new Command("check", "Say whether an address is allowed, and by which entry (exit code 1: it is not)") { ip };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var address = Incidents.ListCommand.Address(parsed.GetRequiredValue(ip));
            using var store = OperatorDesk.Look(context.Load(parsed));
            var list = new Allowlist(context.Terminal.Time, static (_, _) => Task.FromResult<IReadOnlyList<ClientAddress>>([]));
            list.Load(store.GetAllowlist());
            var allowed = list.IsAllowed(address, context.Terminal.Time.GetUtcNow(), out var entry);
            var blocks = store.GetLiveBlocks().Where(b => b.Range.Contains(address)).ToList();
            if (format.IsJson(parsed))
            {
                var view = new Web.CheckView(address.ToString(), allowed, entry is null ? null : AllowlistView.Of(entry), [.. blocks.Select(BlockView.Of)]);
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(view, ViewJson.Default.CheckView));
            }
            else
            {
                context.Terminal.Out.WriteLine(SafeText.Of(entry is null
                    ? $"{address} is not on the allowlist."
                    : $"{address} is allowed by entry {entry.Id}: {entry.Value}{(entry.Description.Length > 0 ? $" ({entry.Description})" : "")}."));
                foreach (var block in blocks)
                {
                    context.Terminal.Out.WriteLine(SafeText.Of($"Block {block.Id} of {block.Range} is {Words.Name(block.Status)} until {Words.At(block.ExpiresAt)}."));
                }
            }

            return allowed ? ExitCode.Fine : ExitCode.FoundOrRefused;
        });
        return command;
    }
}
