using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands.Trust;

internal static class ListCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("list", "List the trusted keys");
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var file = context.Load(parsed).Config.Exec.Trust;
            var entries = File.Exists(file) ? TrustFile.Read(file) : [];
            if (format.IsJson(parsed))
            {
                var views = entries.Select(static e => new TrustView(ExecIdentity.Name(e.Kind), e.Key.Id, e.Description, e.AddedAt)).ToList();
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(new Page<TrustView>(views, views.Count), CliJson.Default.PageTrustView));
                return ExitCode.Fine;
            }

            var table = new TextTable(new("KIND"), new("ID"), new("ADDED"), new("DESCRIPTION", Stretch: true));
            foreach (var entry in entries)
            {
                table.Add(ExecIdentity.Name(entry.Kind), entry.Key.Id, Words.At(entry.AddedAt), entry.Description);
            }

            table.WriteTo(context.Terminal);
            return ExitCode.Fine;
        });
        return command;
    }
}

internal sealed record TrustView(string Kind, string Id, string Description, DateTimeOffset AddedAt);
