using System.Globalization;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli.ReceiptCommands;

/// <summary>One receipt as text: what was called, who judged and how, and what proves it.</summary>
internal static class ReceiptText
{
    public static void Write(Terminal terminal, ReceiptDetailView detail)
    {
        var r = detail.Receipt;
        Line(string.Create(CultureInfo.InvariantCulture, $"{Title(r.Kind)} {r.Seq}{(r.Tool is null ? "" : $": {r.Tool}, {r.Decision}")}"));
        Pair("Time", r.At is { } at ? Words.At(at) + (detail.IntentAt is { } intent ? string.Create(CultureInfo.InvariantCulture, $" (asked {Words.At(intent)}, intent {r.Intent})") : "") : null);
        Pair("Caller", r.Agent is null ? null : $"{r.Agent}, from {r.Origin}");
        Pair("Incident", r.IncidentId?.ToString(CultureInfo.InvariantCulture));
        Pair("Reason", r.Reason);
        Pair("Result", r.Text);
        Pair("Parameters", r.Parameters?.GetRawText());
        Pair("  hash", r.ParametersHash);
        Pair("Policy", r.PolicyHash);
        if (detail.Checkpoint is { } c)
        {
            Pair("Sums up", string.Create(CultureInfo.InvariantCulture, $"entries {c.First} to {c.Last} ({c.Count})"));
            Pair("  root", c.Root);
            Pair("Checkpoint", c.PreviousCheckpoint is { } previous ? "after " + previous : "the first");
        }

        WriteGuards(terminal, r);
        terminal.Out.WriteLine();
        Pair("Id", r.Id + (detail.IdMatches ? "" : "  IS NOT the hash of what is stored"));
        Pair("Follows", detail.Prev);
        Pair("Signature", detail.SignatureState switch
        {
            "valid" => "valid, by key " + detail.SignedBy,
            "not_yet_signed" => "none yet: the running agent adds it within moments, or the next start",
            "foreign_key" => $"by key {detail.SignedBy}, which is none of ours",
            "wrong" => "WRONG: it is not that of key " + detail.SignedBy,
            _ => "not checked: there are no keys in the configured directory",
        });
        Line("Whether it stands unchanged in its place: devops-agent receipts verify");

        void Line(string text) => terminal.Out.WriteLine(SafeText.Of(text));
        void Pair(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                Line($"{name,-10} {value}");
            }
        }
    }

    private static void WriteGuards(Terminal terminal, ReceiptView r)
    {
        if (r.Evidence.Count > 0)
        {
            terminal.Out.WriteLine();
            var table = new TextTable(new("GUARD"), new("LOOKED AT"), new("FOUND", Stretch: true));
            foreach (var e in r.Evidence)
            {
                table.Add(e.Guard, e.Name, e.Value);
            }

            table.WriteTo(terminal);
        }

        if (r.Signals.Count > 0)
        {
            terminal.Out.WriteLine();
            var table = new TextTable(new("SIGNAL OF"), new("SEVERITY", Paint: Words.PaintSeverity), new("NOTICED", Stretch: true));
            foreach (var s in r.Signals)
            {
                table.Add(s.Guard, s.Severity, s.Description + (s.Promoted ? " (denies, by configuration)" : ""));
            }

            table.WriteTo(terminal);
        }
    }

    private static string Title(string kind) => kind switch { "receipt" => "Receipt", "intent" => "Intent", _ => "Checkpoint" };
}
