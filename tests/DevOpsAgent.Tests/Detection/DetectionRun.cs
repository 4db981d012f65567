using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
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
        if (!TestLines.TryRead(line, out var e))
        {
            return null;
        }

        var facts = _classifier.Classify(e, _scratch);
        Requests[facts.Client] = Requests.GetValueOrDefault(facts.Client) + 1;
        var before = Findings.Count;
        Detector.Observe(facts, line, TestLines.TryRead, Findings);
        foreach (var finding in Findings.Skip(before).Where(f => f.Action == RuleAction.Block))
        {
            BlockedAt.TryAdd(finding.Subject.Clients[0], Requests[facts.Client]);
        }

        return facts;
    }
}

/// <summary>Reads JSON lines, the few fields that detection needs.</summary>
internal static class TestLines
{
    public static bool TryRead(ReadOnlySpan<byte> line, out LogEvent e)
    {
        e = default;
        var reader = new Utf8JsonReader(line);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                var name = reader.GetString();
                reader.Read();
                switch (name)
                {
                    case "StartUTC":
                        e.Time = DateTimeOffset.Parse(reader.GetString()!, CultureInfo.InvariantCulture).UtcTicks;
                        break;
                    case "ClientHost":
                        e.Client = ClientAddress.TryParse(reader.GetString(), out var client) ? client : default;
                        break;
                    case "DownstreamStatus":
                        e.Status = reader.GetInt32();
                        break;
                    case "DownstreamContentSize":
                        e.Size = reader.GetInt64();
                        break;
                    case "RequestMethod":
                        e.Method = Text(ref reader);
                        break;
                    case "RequestHost":
                        e.Host = Text(ref reader);
                        break;
                    case "RequestPath":
                        e.Path = Text(ref reader);
                        break;
                    case "request_User-Agent":
                        e.Agent = Text(ref reader);
                        break;
                    case "RouterName":
                        e.Router = Text(ref reader);
                        break;
                    case "entryPointName":
                        e.EntryPoint = Text(ref reader);
                        break;
                    case "ClientUsername":
                        var user = Text(ref reader);
                        e.User = user.AsSpan().SequenceEqual("-"u8) ? default : user;
                        break;
                    default:
                        break;
                }
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return !e.Client.IsNone;
    }

    public static IEnumerable<byte[]> ReadFile(string path)
    {
        using Stream file = File.OpenRead(path);
        using var text = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.Latin1);
        while (text.ReadLine() is { } line)
        {
            yield return Encoding.Latin1.GetBytes(line);
        }
    }

    private static byte[] Text(ref Utf8JsonReader reader) => Encoding.UTF8.GetBytes(reader.GetString() ?? "");
}
