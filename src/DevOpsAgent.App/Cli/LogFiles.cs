using System.Globalization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>What scan, replay and explain share: reading files with progress, and the words for what was found.</summary>
internal static class LogFiles
{
    /// <summary>Reads the files one after the other; a file that is configured as a log keeps its settings (trusted proxies, trust in CLF).</summary>
    /// <param name="early">The built-in rules, where somebody began to load them while the configuration was read.</param>
    public static LogScan Scan(AgentConfig config, IReadOnlyList<string> files, Terminal terminal, CancellationToken cancellation, Action<Detector>? prepare = null, Task<RuleSet>? early = null)
    {
        var builtIn = config.Detection is { Rules.Count: 0, DisabledRules.Count: 0 };
        var detector = new Detector(builtIn && early is not null ? early.GetAwaiter().GetResult() : RuleLibrary.Load(config.Detection), config.Detection);
        prepare?.Invoke(detector);
        var scan = new LogScan(config, detector);
        using var progress = new Progress(terminal);
        foreach (var file in files)
        {
            progress.Begin(file);
            scan.Read(file, LogOf(config, file), progress.Report, cancellation);
        }

        return scan;
    }

    /// <summary>The files that a path or pattern names, in the order of their names.</summary>
    public static IEnumerable<string> Paths(string path) => path.Contains('*', StringComparison.Ordinal)
        ? Directory.GetFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path)).Order(StringComparer.Ordinal)
        : [path];

    /// <summary>The exit code where files could not be read; null where all could.</summary>
    public static int? Outcome(LogScan scan, int files) => scan.Problems.Count >= files && scan.Statistics.Lines == 0 ? ExitCode.Dependency : null;

    public static IReadOnlyDictionary<string, long> Unparsed(LogScan scan)
    {
        var counts = Enum.GetValues<UnparsedReason>().Where(r => r != UnparsedReason.None && scan.Statistics.UnparsedFor(r) > 0)
            .ToDictionary(LineStatistics.Label, scan.Statistics.UnparsedFor, StringComparer.Ordinal);
        if (scan.SkippedLongLines > 0)
        {
            var label = LineStatistics.Label(UnparsedReason.TooLong);
            counts[label] = counts.GetValueOrDefault(label) + scan.SkippedLongLines;
        }

        return counts;
    }

    public static string ClientOf(Incident incident) => incident.IsCampaign ? string.Create(CultureInfo.InvariantCulture, $"campaign ({incident.Clients.Count})") : incident.Subject;

    public static string ProposalOf(Incident incident) => incident.Recommendation switch
    {
        { Action: RuleAction.Block, Held: null } r => $"deny {Words.Duration(r.Ttl)}",
        { Action: RuleAction.Block } r => $"deny {Words.Duration(r.Ttl)}, review",
        { } => "review",
        null => "-",
    };

    private static LogConfig LogOf(AgentConfig config, string file)
    {
        var path = Path.GetFullPath(file);
        var configured = config.Logs.FirstOrDefault(l => l.Path != "-" && Path.GetFullPath(l.Path) == path)
            ?? new LogConfig { Path = file, TrustedProxies = [.. config.Logs.SelectMany(static l => l.TrustedProxies).Distinct()] };
        return configured with { Path = file };
    }

    /// <summary>Megabytes read, on standard error, once reading takes longer than a second; only where a person may be looking.</summary>
    private sealed class Progress(Terminal terminal) : IDisposable
    {
        private readonly long _started = terminal.Time.GetTimestamp();
        private readonly Lock _gate = new();
        private long _last;
        private string _file = "";
        private bool _shown;

        public void Begin(string file) => _file = file;

        public void Report(long bytes)
        {
            if (!terminal.ShowsProgress || terminal.Time.GetElapsedTime(_started) < TimeSpan.FromSeconds(1))
            {
                return;
            }

            lock (_gate)
            {
                if (_shown && terminal.Time.GetElapsedTime(_last) < TimeSpan.FromMilliseconds(200))
                {
                    return;
                }

                (_shown, _last) = (true, terminal.Time.GetTimestamp());
                terminal.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{SafeText.Cut(SafeText.Of(_file), 50)}: {bytes / 1e6:N0} MB"));
            }
        }

        public void Dispose()
        {
            if (_shown)
            {
                terminal.Error.Write("\r" + new string(' ', 70) + "\r");
            }
        }
    }
}
