using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>Runs recorded logs through the service's own detection, with the clock of the log, and says how it did against labels.</summary>
internal static class ReplayCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("replay", "Run recorded logs through the detection and judge it by labels");
        var files = new Argument<string[]>("file") { Description = "Access log, plain or gzip (several: read in this order)", Arity = ArgumentArity.OneOrMore, HelpName = "file" };
        var labels = new Option<string?>("--labels") { Description = "JSON array of {\"ip\": …, \"expect\": \"block|review|ignore\"}", HelpName = "file" };
        command.Arguments.Add(files);
        command.Options.Add(labels);
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            var terminal = context.Terminal;
            var expected = parsed.GetValue(labels) is { } path
                ? ReplayLabels.Read(path, File.ReadAllBytes(path))
                : new Dictionary<ClientAddress, Expectation>();
            var names = parsed.GetValue(files)!;
            var started = terminal.Time.GetTimestamp();
            var scan = LogFiles.Scan(context.Load(parsed).Config, names, terminal, cancellation);
            var seconds = terminal.Time.GetElapsedTime(started).TotalSeconds;
            var report = ReplayReport.Of(expected, scan.Incidents, scan.Statistics.Lines + scan.SkippedLongLines, scan.Statistics.Unparsed + scan.SkippedLongLines, seconds);
            if (format.IsJson(parsed))
            {
                terminal.Out.WriteLine(JsonSerializer.Serialize(report, ScanJson.Default.ReplayReport));
            }
            else
            {
                Print(terminal, report, parsed.GetValue(labels) is not null, scan);
            }

            foreach (var problem in scan.Problems)
            {
                terminal.Error.WriteLine("devops-agent: " + SafeText.Of(problem));
            }

            return LogFiles.Outcome(scan, names.Length)
                ?? (report.MissedClients.Count + report.FalseBlocks + report.NoisyClients.Count > 0 ? ExitCode.FoundOrRefused : ExitCode.Fine);
        }, cancellation));
        return command;
    }

    private static void Print(Terminal terminal, ReplayReport report, bool labelled, LogScan scan)
    {
        var culture = CultureInfo.InvariantCulture;
        terminal.Out.WriteLine(string.Create(culture, $"replayed {report.Lines:N0} lines in {report.Seconds:F2} s, {report.Unparsed:N0} unreadable, {scan.Incidents.Count()} incidents"));
        if (!labelled)
        {
            terminal.Out.WriteLine("Next: give --labels to see what was missed and what was blocked wrongly.");
            return;
        }

        terminal.Out.WriteLine(string.Create(culture, $"to block      {report.Found} of {report.ExpectedBlock} found (recall {report.Recall:F2})"));
        terminal.Out.WriteLine(string.Create(culture, $"false blocks  {report.FalseBlocks}"));
        terminal.Out.WriteLine(string.Create(culture, $"noisy         {report.NoisyClients.Count} ordinary clients in an incident above low"));
        terminal.Out.WriteLine(string.Create(culture, $"to review     recall {report.ReviewRecall:F2}"));
        if (report.MedianRequestsToDetect is { } median)
        {
            terminal.Out.WriteLine(string.Create(culture, $"found after   {median:0.#} requests (median)"));
        }

        List("missed", report.MissedClients);
        List("blocked wrongly", report.FalseBlockClients);
        List("noisy", report.NoisyClients);

        void List(string title, IReadOnlyList<string> clients)
        {
            foreach (var client in clients)
            {
                terminal.Out.WriteLine($"{title}: {client}");
            }
        }
    }
}
