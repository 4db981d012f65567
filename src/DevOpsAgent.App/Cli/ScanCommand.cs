using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>Reads whole log files and shows what the service would have found. Writes nothing, blocks nothing.</summary>
internal static class ScanCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("scan", "Find scanners and attackers in log files; writes and blocks nothing");
        var files = new Argument<string[]>("file") { Description = "Access log, plain or gzip (several: read in this order)", Arity = ArgumentArity.OneOrMore, HelpName = "file" };
        var all = new Option<bool>("--all") { Description = "Show low incidents too" };
        command.Arguments.Add(files);
        command.Options.Add(all);
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            // Half of the start is reading YAML: the rules on one core, the configuration on the other.
            var rules = Task.Run(static () => RuleLibrary.Load(new()), cancellation);
            return Task.Run(() => Run(context, parsed.GetValue(files)!, format.IsJson(parsed), parsed.GetValue(all), context.Load(parsed).Config, rules, cancellation), cancellation);
        });
        return command;
    }

    private static int Run(CommandContext context, string[] files, bool json, bool all, Configuration.AgentConfig config, Task<RuleSet> rules, CancellationToken cancellation)
    {
        var terminal = context.Terminal;
        var started = terminal.Time.GetTimestamp();
        var scan = LogFiles.Scan(config, files, terminal, cancellation, early: rules);
        var seconds = terminal.Time.GetElapsedTime(started).TotalSeconds;
        var incidents = scan.Incidents.OrderByDescending(static i => i.Severity).ThenByDescending(static i => i.Evidence.Matched).ThenBy(static i => i.Id).ToList();
        if (json)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(View(files, scan, seconds, incidents), ScanJson.Default.ScanView));
        }
        else
        {
            Print(terminal, files, scan, seconds, incidents, all);
        }

        return LogFiles.Outcome(scan, files.Length) ?? (incidents.Exists(static i => i.Severity > Severity.Low) ? ExitCode.FoundOrRefused : ExitCode.Fine);
    }

    private static ScanView View(string[] files, LogScan scan, double seconds, List<Incident> incidents) => new()
    {
        Files = files,
        Lines = scan.Statistics.Lines + scan.SkippedLongLines,
        Parsed = scan.Statistics.Parsed,
        Unparsed = LogFiles.Unparsed(scan),
        Bytes = scan.Statistics.Bytes,
        Seconds = Math.Round(seconds, 3),
        Clients = scan.Detector.Clients,
        EvictedClients = scan.Detector.Evicted,
        Topology = Words.Name(scan.Topology.Verdict),
        Problems = scan.Problems,
        Incidents = [.. incidents.Select(IncidentView.Of)],
    };

    private static void Print(Terminal terminal, string[] files, LogScan scan, double seconds, List<Incident> incidents, bool all)
    {
        var shown = incidents.Where(i => all || i.Severity > Severity.Low).ToList();
        var unreadable = scan.Statistics.Unparsed + scan.SkippedLongLines;
        var culture = CultureInfo.InvariantCulture;
        terminal.Out.WriteLine(string.Create(culture, $"scanned {scan.Statistics.Lines + scan.SkippedLongLines:N0} lines ({scan.Statistics.Bytes / 1e6:N0} MB) in {seconds:F2} s · {Words.Count(shown.Count, "incident", "incidents")}{(shown.Count < incidents.Count ? $" and {incidents.Count - shown.Count} low (--all)" : "")}{(unreadable > 0 ? $" · {unreadable:N0} lines unreadable" : "")}"));
        if (unreadable > 0)
        {
            terminal.Out.WriteLine("unreadable: " + string.Join(", ", LogFiles.Unparsed(scan).Select(u => string.Create(culture, $"{u.Value:N0} {u.Key}"))));
        }

        PrintClients(terminal, shown);
        foreach (var problem in scan.Problems)
        {
            terminal.Error.WriteLine("devops-agent: " + SafeText.Of(problem));
        }

        if (scan.Topology.Verdict is TopologyVerdict.BehindBalancer or TopologyVerdict.HeaderSpoofed)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine("Caution: " + SafeText.Of(scan.Topology.Sentence));
        }

        if (shown.FirstOrDefault(static i => !i.IsCampaign) is { } first)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine($"Next: devops-agent explain {first.Subject} --log {SafeText.Of(files[0])}");
        }
    }

    /// <summary>One entry per client or campaign: how bad, who, what would be done; below it what happened, worst threat first.</summary>
    private static void PrintClients(Terminal terminal, List<Incident> incidents)
    {
        var groups = incidents.GroupBy(static i => i.Subject, StringComparer.Ordinal).ToList();
        var width = groups.Select(static g => LogFiles.ClientOf(g.First()).Length).DefaultIfEmpty(0).Max();
        foreach (var group in groups)
        {
            var worst = group.First();
            var severity = Words.Name(worst.Severity);
            var label = severity.ToUpperInvariant().PadRight(8);
            var painted = terminal.Colour && Words.PaintSeverity(severity) is { } code ? $"\u001b[{code}m{label}\u001b[0m" : label;
            terminal.Out.WriteLine();
            terminal.Out.WriteLine($"{painted}  {LogFiles.ClientOf(worst).PadRight(width)}  → {group.Select(LogFiles.ProposalOf).MaxBy(static p => p.StartsWith("deny", StringComparison.Ordinal))}");
            foreach (var incident in group)
            {
                terminal.Out.WriteLine(SafeText.Cut(SafeText.Of($"          {incident.Threat}: {incident.Summary}"), terminal.Width));
            }
        }
    }
}
