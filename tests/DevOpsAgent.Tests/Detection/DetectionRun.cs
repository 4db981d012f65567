using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Detection;

/// <summary>Lines through classifier and detector, in order.</summary>
internal sealed class DetectionRun(RuleSet rules, DetectionConfig config)
{
    private readonly Classifier _classifier = new(rules.Lists);
    private readonly ClassifierScratch _scratch = new();
    private readonly LineParser _parser = new(ClientResolver.Direct);
    private readonly LineParser _again = new(ClientResolver.Direct);

    public DetectionRun()
        : this(RuleLibrary.Load(new()), new())
    {
    }

    public Detector Detector { get; set; } = new(rules, config);

    public List<Finding> Findings { get; } = [];

    public Dictionary<ClientAddress, int> Requests { get; } = [];

    /// <summary>Requests of a client until its first block finding.</summary>
    public Dictionary<ClientAddress, int> BlockedAt { get; } = [];

    public EventFacts? Add(string line) => Add(Encoding.UTF8.GetBytes(line));

    public EventFacts? Add(byte[] line)
    {
        if (!_parser.TryParse(line, out var e, out _))
        {
            return null;
        }

        var facts = _classifier.Classify(e, _scratch);
        Requests[facts.Client] = Requests.GetValueOrDefault(facts.Client) + 1;
        var before = Findings.Count;
        Detector.Observe(facts, line, Reread, Findings);
        foreach (var finding in Findings.Skip(before).Where(f => f.Action == RuleAction.Block))
        {
            BlockedAt.TryAdd(finding.Subject.Clients[0], Requests[facts.Client]);
        }

        return facts;
    }

    private bool Reread(ReadOnlySpan<byte> line, out LogEvent e) => _again.TryParse(line, out e, out _);
}

/// <summary>Lines for tests.</summary>
internal static class TestLines
{
    public static readonly DateTimeOffset Start = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);

    /// <summary>A line as Traefik writes it, some seconds after <see cref="Start"/>.</summary>
    public static string Line(double second, string client, string method, string path, int status, string agent = "Mozilla/5.0", string host = "shop.example.com", string user = "-") =>
        new JsonObject
        {
            ["ClientAddr"] = client.Contains(':', StringComparison.Ordinal) ? $"[{client}]:50000" : client + ":50000",
            ["ClientHost"] = client,
            ["ClientUsername"] = user,
            ["DownstreamContentSize"] = 512,
            ["DownstreamStatus"] = status,
            ["Duration"] = 1_000_000,
            ["RequestHost"] = host,
            ["RequestMethod"] = method,
            ["RequestPath"] = path,
            ["RouterName"] = "shop@file",
            ["StartUTC"] = Start.AddSeconds(second).UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            ["entryPointName"] = "web",
            ["request_User-Agent"] = agent,
            ["time"] = Start.AddSeconds(second).UtcDateTime.ToString("s", CultureInfo.InvariantCulture) + "Z",
        }.ToJsonString();

    public static IEnumerable<byte[]> ReadFile(string path)
    {
        using Stream file = File.OpenRead(path);
        using var text = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.Latin1);
        while (text.ReadLine() is { } line)
        {
            yield return Encoding.Latin1.GetBytes(line);
        }
    }
}
