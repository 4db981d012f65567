using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli.ReceiptCommands;

internal static class ShowCommand
{
    public static Command Build(CommandContext context)
    {
        var which = new Argument<string>("receipt") { Description = "Its number, or its id of 64 digits", HelpName = "seq|id" };
        var command = new Command("show", "Show one receipt: the call, what each guard said, and the state of its signature") { which };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var name = parsed.GetRequiredValue(which);
            using var book = ReceiptBook.Open(context.Load(parsed));
            var entry = name.Length == 64 ? book.Receipts.Find(name.ToLowerInvariant())
                : long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? book.Receipts.Get(seq)
                : throw CommandException.Usage($"'{name}' is neither a number nor an id.", "Write the SEQ of 'devops-agent receipts list', or all 64 digits of an id.");
            if (entry is null)
            {
                throw CommandException.Refused($"There is no receipt {name}.", "'devops-agent receipts list' shows those that exist.");
            }

            var detail = ReceiptDetails.Of(book.Receipts, entry, book.Keys(context.Terminal.Time));
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(detail, ViewJson.Default.ReceiptDetailView));
            }
            else
            {
                ReceiptText.Write(context.Terminal, detail);
            }

            return ExitCode.Fine;
        });
        return command;
    }
}
