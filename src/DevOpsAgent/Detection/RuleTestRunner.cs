using System.IO.Compression;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DevOpsAgent.Detection;

/// <summary>
/// Runs rule tests: a case is a folder with log lines (lines.jsonl, lines.log, either also as .gz), what is expected of
/// them (expected.yaml), and, if it needs any, rules and lists of its own (rules/). The lines go through the same
/// parser, classifier and detector as a live log.
/// <code>
/// incidents:                      # every block that is not listed here is a failure
/// - client: 203.0.113.7           # or: clients: 20 (a campaign of at least so many)
///   threat: secrets-scan
///   action: block                 # record, review or block
///   severity: high                # optional
///   by_request: 10                # optional: at the latest when the client made so many requests
/// quiet: [198.51.100.1]           # no finding above low, alone or in a campaign
/// silent: [198.51.100.2]          # no finding at all
/// </code>
/// </summary>
internal static class RuleTestRunner
{
    private const string ExpectedFile = "expected.yaml";
    private static readonly string[] LineFiles = ["lines.jsonl", "lines.log", "lines.jsonl.gz", "lines.log.gz"];

    /// <summary>The case in this folder, or all cases in its subfolders in the order of their names.</summary>
    public static IReadOnlyList<RuleTestResult> RunAll(string folder, DetectionConfig config)
    {
        if (!Directory.Exists(folder))
        {
            return [new(folder, [$"There is no folder '{folder}'."])];
        }

        var cases = Directory.EnumerateFiles(folder, ExpectedFile, SearchOption.AllDirectories).Select(f => Path.GetDirectoryName(f)!)
            .Order(StringComparer.Ordinal).ToArray();
        return cases.Length == 0 ? [new(folder, [$"No case here: a case has a file {ExpectedFile}."])] : [.. cases.Select(c => Run(c, config))];
    }

    /// <summary>Never throws for what the folder holds: wrong rules, expectations or lines are failures of the case.</summary>
    public static RuleTestResult Run(string folder, DetectionConfig config)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var failures = new List<string>();
        try
        {
            var own = Path.Combine(folder, "rules");
            var rules = RuleLibrary.Load(Directory.Exists(own) ? config with { Rules = [.. config.Rules, own] } : config);
            var problems = new List<ConfigProblem>();
            var expected = Expectation.Read(Path.Combine(folder, ExpectedFile), problems);
            if (problems.Count > 0)
            {
                return new(name, [.. problems.Select(p => p.ToString())]);
            }

            var run = new CaseRun(rules, config);
            if (LineFiles.Select(f => Path.Combine(folder, f)).FirstOrDefault(File.Exists) is not { } lines)
            {
                return new(name, [$"No lines: one of {string.Join(", ", LineFiles)} is needed."]);
            }

            run.Read(lines, failures);
            expected.Judge(run, failures);
        }
        catch (ConfigException e)
        {
            failures.AddRange(e.Problems.Select(p => p.ToString()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            failures.Add(e.Message);
        }

        return new(name, failures);
    }

    /// <summary>What the rules made of the lines.</summary>
    private sealed class CaseRun(RuleSet rules, DetectionConfig config)
    {
        private readonly Dictionary<ClientAddress, long> _requests = [];

        public List<(Finding Finding, long AtRequest)> Findings { get; } = [];

        public void Read(string path, List<string> failures)
        {
            var detector = new Detector(rules, config);
            var classifier = new Classifier(rules.Lists);
            var scratch = new ClassifierScratch();
            var parser = new LineParser(ClientResolver.Direct);
            var again = new LineParser(ClientResolver.Direct);
            bool Reread(ReadOnlySpan<byte> line, out LogEvent e) => again.TryParse(line, out e, out _);
            var found = new List<Finding>();
            var number = 0;
            foreach (var line in ReadLines(path))
            {
                number++;
                if (!parser.TryParse(line, out var e, out var reason))
                {
                    if (reason != UnparsedReason.Empty)
                    {
                        failures.Add($"{Path.GetFileName(path)}:{number}: not a log line ({reason}).");
                    }

                    continue;
                }

                var facts = classifier.Classify(e, scratch);
                _requests[facts.Client] = _requests.GetValueOrDefault(facts.Client) + 1;
                detector.Observe(facts, line, Reread, found);
                Findings.AddRange(found.Select(f => (f, _requests[facts.Client])));
                found.Clear();
            }
        }

        private static IEnumerable<byte[]> ReadLines(string path)
        {
            using Stream file = File.OpenRead(path);
            using var stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            while (reader.ReadLine() is { } line)
            {
                yield return System.Text.Encoding.Latin1.GetBytes(line);
            }
        }
    }

    private sealed record ExpectedIncident(ClientAddress Client, int Members, string Threat, RuleAction Action, Severity? Severity, double ByRequest)
    {
        public override string ToString() => $"{(Members > 0 ? $"a campaign of {Members} clients" : Client.ToString())}: {Threat}, {Action.ToString().ToLowerInvariant()}";

        public bool Matches(Finding f, long atRequest) =>
            f.Threat == Threat && f.Action == Action && (Severity is null || f.Severity == Severity)
            && (Members > 0 ? f.Subject.IsCampaign && f.Subject.Clients.Count >= Members : !f.Subject.IsCampaign && f.Subject.Clients[0] == Client)
            && atRequest <= ByRequest;
    }

    private sealed record Expectation(IReadOnlyList<ExpectedIncident> Incidents, IReadOnlyList<ClientAddress> Quiet, IReadOnlyList<ClientAddress> Silent)
    {
        public static Expectation Read(string file, ICollection<ConfigProblem> problems)
        {
            var none = new Expectation([], [], []);
            var stream = new YamlStream();
            try
            {
                using var text = new StringReader(File.ReadAllText(file));
                stream.Load(text);
            }
            catch (YamlException e)
            {
                problems.Add(new(file, (int)e.Start.Line, (int)e.Start.Column, $"This is not YAML: {e.Message}"));
                return none;
            }

            var fields = new RuleFields(file, problems);
            if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlMappingNode top)
            {
                problems.Add(new(file, 1, 1, "A mapping with incidents, quiet and silent is expected."));
                return none;
            }

            fields.OnlyKeys(top, ["incidents", "quiet", "silent"], ExpectedFile);
            return new(
                [.. fields.Items(top, "incidents").OfType<YamlMappingNode>().Select(m => ReadIncident(fields, m))],
                Addresses(fields, top, "quiet"),
                Addresses(fields, top, "silent"));
        }

        public void Judge(CaseRun run, List<string> failures)
        {
            foreach (var incident in Incidents)
            {
                if (!run.Findings.Exists(f => incident.Matches(f.Finding, f.AtRequest)))
                {
                    var near = run.Findings.LastOrDefault(f => f.Finding.Subject.Clients.Contains(incident.Client) || (incident.Members > 0 && f.Finding.Subject.IsCampaign));
                    failures.Add($"Expected {incident}{(incident.ByRequest < double.MaxValue ? $" by request {incident.ByRequest}" : "")}; "
                        + (near.Finding is null ? "no finding." : $"found {Text(near.Finding)} at request {near.AtRequest}."));
                }
            }

            foreach (var finding in run.Findings.Where(f => f.Finding.Action == RuleAction.Block && !Incidents.Any(i => i.Client == f.Finding.Subject.Clients[0]))
                .DistinctBy(f => (f.Finding.Subject.Key, f.Finding.RuleId)))
            {
                failures.Add($"Unexpected block of {finding.Finding.Subject.Key} at request {finding.AtRequest}: {Text(finding.Finding)}");
            }

            foreach (var client in Quiet.Concat(Silent))
            {
                var limit = Silent.Contains(client) ? -1 : (int)Severity.Low;
                if (run.Findings.Find(f => f.Finding.Subject.Clients.Contains(client) && (int)f.Finding.Severity > limit).Finding is { } noise)
                {
                    failures.Add($"{client} should be {(limit < 0 ? "silent" : "quiet")}: {Text(noise)}");
                }
            }
        }

        private static string Text(Finding f) => $"{f.RuleId} ({f.Threat}, {f.Severity.ToString().ToLowerInvariant()}, {f.Action.ToString().ToLowerInvariant()}): {f.Summary}";

        private static ExpectedIncident ReadIncident(RuleFields fields, YamlMappingNode map)
        {
            fields.OnlyKeys(map, ["client", "clients", "threat", "action", "severity", "by_request"], "an incident");
            var members = (int)fields.Number(map, "clients", 0, 2, 100_000);
            ClientAddress client = default;
            if (members == 0 && !ClientAddress.TryParse(fields.Text(map, "client", required: true), out client))
            {
                fields.Wrong(fields.Node(map, "client") ?? map, "'client' is an IP address; or write 'clients: N' for a campaign.");
            }

            return new(client, members, fields.Slug(map, "threat"), fields.Choice<RuleAction>(map, "action") ?? RuleAction.Block,
                fields.Choice<Severity>(map, "severity", required: false), fields.Number(map, "by_request", double.MaxValue, 1, int.MaxValue));
        }

        private static List<ClientAddress> Addresses(RuleFields fields, YamlMappingNode map, string key)
        {
            var result = new List<ClientAddress>();
            foreach (var item in fields.Items(map, key))
            {
                if (ClientAddress.TryParse(fields.Scalar(item), out var client))
                {
                    result.Add(client);
                }
                else
                {
                    fields.Wrong(item, $"'{fields.Scalar(item)}' is not an IP address.");
                }
            }

            return result;
        }
    }
}

/// <summary>One case: passed when there are no failures, each a sentence.</summary>
internal sealed record RuleTestResult(string Name, IReadOnlyList<string> Failures)
{
    public bool Passed => Failures.Count == 0;
}
