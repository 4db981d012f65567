using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.App.Cli.ReceiptCommands;

internal static class VerifyCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("verify", "Check every receipt, link, signature and checkpoint; name the first that is bad");
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            using var book = ReceiptBook.Open(context.Load(parsed));
            var report = Verify(context.Terminal, book, cancellation);
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(VerifyView.Of(report), ViewJson.Default.VerifyView));
            }
            else
            {
                Write(context.Terminal, report);
            }

            return Task.FromResult(report.Fault is null ? ExitCode.Fine : ExitCode.FoundOrRefused);
        });
        return command;
    }

    private static VerifyReport Verify(Terminal terminal, ReceiptBook book, CancellationToken cancellation)
    {
        if (book.Keys(terminal.Time) is not { } keys)
        {
            return book.Receipts.Read(1).Any()
                ? throw CommandException.Refused($"There are receipts, but no keys in {book.KeysDirectory}: nothing can be proved.", "Set guards.keys to the directory that the agent uses, or restore it from a backup.")
                : new() { Entries = 0, Receipts = 0, Checkpoints = 0, OpenIntents = 0, NotYetSigned = 0, LastId = null, Notes = [], Fault = null };
        }

        var anchor = book.Anchor.Read();
        var started = terminal.Time.GetTimestamp();
        var shown = false;
        var report = ReceiptVerifier.Verify(book.Receipts.Read(1), keys, anchor, entries =>
        {
            if (terminal.ShowsProgress && terminal.Time.GetElapsedTime(started) > TimeSpan.FromSeconds(1))
            {
                terminal.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{entries} entries"));
                shown = true;
            }
        }, cancellation);
        if (shown)
        {
            terminal.Error.Write("\r                        \r");
        }

        return report;
    }

    private static void Write(Terminal terminal, VerifyReport report)
    {
        var output = terminal.Out;
        if (report.Fault is { } fault)
        {
            Line($"Entry {fault.Seq}{(fault.At is { } at ? $" ({Words.At(at)})" : "")}: {fault.Problem}.");
            Line(fault.Seq > 1 ? $"The {report.Entries} before it are as they were written." : "Nothing before it can be relied on.");
            Line(fault.WhatToDo);
            return;
        }

        Line(report.Entries == 0
            ? "There are no receipts yet."
            : $"All as it was written: {report.Entries} entries, {report.Receipts} receipts, {report.Checkpoints} checkpoints. Last: {report.LastId}");
        foreach (var note in report.Notes)
        {
            Line("Note: " + note);
        }

        void Line(string text) => output.WriteLine(SafeText.Of(text));
    }
}
