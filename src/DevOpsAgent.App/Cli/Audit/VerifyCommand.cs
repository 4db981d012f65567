using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Audit;

namespace DevOpsAgent.App.Cli.Audit;

internal static class VerifyCommand
{
    public static Command Build(CommandContext context)
    {
        var path = AuditPlace.Argument();
        var keys = new Option<string?>("--keys") { Description = "Directory with public.json (default: keys, in the log's directory)", HelpName = "dir" };
        var command = new Command("verify", "Prove that no line of the audit log was changed, removed, moved or put in") { path, keys };
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            var place = AuditPlace.Of(context, parsed, path);
            var found = new AuditVerifier(AuditPlace.KeysOf(place, parsed.GetValue(keys))).Verify(place, cancellation);

            // The end of a line that is being written right now is no torn one.
            var torn = found.TornBytes > 0 && !IsWritten(place);
            var status = found.Problem is not null ? "changed" : torn ? "torn" : "whole";
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(VerifyView.Of(place, status, found), CliJson.Default.VerifyView));
            }
            else
            {
                Write(context.Terminal, place, status, found);
            }

            return status == "whole" ? ExitCode.Fine : ExitCode.FoundOrRefused;
        }, cancellation));
        return command;
    }

    private static void Write(Terminal terminal, string place, string status, Verification found)
    {
        void Say(FormattableString text) => terminal.Out.WriteLine(SafeText.Of(text.ToString(CultureInfo.InvariantCulture)));

        Say($"{place}: {(status switch { "whole" => "whole", "torn" => "whole up to a torn tail", _ => "NOT whole" })}");
        Say($"{Words.Count(found.Segments, "segment", "segments")}, {found.Lines} lines{(found.Lines > 0 ? $" (seq {found.FirstSeq} to {found.LastSeq})" : "")}, {found.Signatures} signatures are right");
        if (found.RemovedThrough > 0)
        {
            Say($"Lines 1 to {found.RemovedThrough} were let go by retention; a signed line says so.");
        }

        if (found.TornBytes > 0)
        {
            Say($"{found.TornBytes} bytes behind the last whole line were left by a crash. Nobody was told that they were recorded: this is no tampering. The next start sets them aside and goes on.");
        }

        foreach (var note in found.Notes)
        {
            Say($"Note: {note}");
        }

        if (found.Problem is { } problem)
        {
            Say($"First bad place: {problem.File}{(problem.Line is { } line ? $", line {line}" : "")}{(problem.Seq is { } seq ? $", seq {seq}" : "")} ({problem.Kind})");
            Say($"{problem.What}");
            Say($"{problem.Next}");
        }
    }

    private static bool IsWritten(string place)
    {
        var path = Path.Combine(Directory.Exists(place) ? place : Path.GetDirectoryName(place)!, SegmentName.Lock);
        try
        {
            using var free = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return File.Exists(path);
        }
    }
}

/// <param name="Status">whole, torn (a crash left half a line) or changed.</param>
internal sealed record VerifyView(
    string Path, string Status, int Segments, long Lines, long FirstSeq, long LastSeq, long Signatures, long RemovedThrough, long TornBytes,
    AuditProblem? Problem, IReadOnlyList<string> Notes)
{
    public static VerifyView Of(string path, string status, Verification found) =>
        new(path, status, found.Segments, found.Lines, found.FirstSeq, found.LastSeq, found.Signatures, found.RemovedThrough, found.TornBytes, found.Problem, found.Notes);
}
