using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

internal static class ListCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("list", "List what is never blocked");
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var terminal = context.Terminal;
            using var store = OperatorDesk.Look(context.Load(parsed));
            var entries = store.GetAllowlist();
            if (format.IsJson(parsed))
            {
                terminal.Out.WriteLine(JsonSerializer.Serialize(new Page<AllowlistView>([.. entries.Select(AllowlistView.Of)], entries.Count), ViewJson.Default.PageAllowlistView));
                return ExitCode.Fine;
            }

            var now = terminal.Time.GetUtcNow();
            var table = new TextTable(new("ID", Right: true), new("ENTRY"), new("EXPIRES"), new("DESCRIPTION", Stretch: true));
            foreach (var entry in entries)
            {
                var expires = entry.ExpiresAt is not { } end ? "never" : end <= now ? "expired" : "in " + Words.Age(end - now);
                table.Add($"{entry.Id}", entry.Value, expires, entry.Description);
            }

            table.WriteTo(terminal);
            return ExitCode.Fine;
        });
        return command;
    }
}
