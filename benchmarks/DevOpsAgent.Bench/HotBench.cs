using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Bench;

/// <summary>The hot path alone, in memory, one thread: parse, classify and observe each line of the recording; CPU time and bytes allocated per line.</summary>
internal static class HotBench
{
    public static Task<JsonObject> RunAsync(BenchOptions options)
    {
        using var file = File.OpenRead(Path.Combine(options.Samples, "recording-a", "access.jsonl.gz"));
        using var text = new GZipStream(file, CompressionMode.Decompress);
        using var memory = new MemoryStream();
        text.CopyTo(memory);
        var bytes = memory.ToArray();
        var config = new DetectionConfig();
        var rules = RuleLibrary.Load(config);
        var classifier = new Classifier(rules.Lists);
        var rounds = options.Rounds > 0 ? options.Rounds : 21;
        List<double> parse = [], classify = [], observe = [];
        long lines = 0, parseBytes = 0, classifyBytes = 0, observeBytes = 0;
        var detector = new Detector(rules, config);
        for (var round = 0; round < rounds; round++)
        {
            (var p, parseBytes, lines) = Walk(bytes, null, null);
            (var c, classifyBytes, _) = Walk(bytes, classifier, null);

            // The same detector again: what is measured is the steady state, with every client known.
            (var o, observeBytes, _) = Walk(bytes, classifier, detector);
            parse.Add(p);
            classify.Add(c - p);
            observe.Add(o - c);
        }

        return Task.FromResult(new JsonObject
        {
            ["parse_ns"] = Math.Round(Figures.Median(parse)),
            ["classify_ns"] = Math.Round(Figures.Median(classify)),
            ["observe_ns"] = Math.Round(Figures.Median(observe)),
            ["parse_bytes_per_line"] = Math.Round((double)parseBytes / lines, 2),
            ["classify_bytes_per_line"] = Math.Round((double)classifyBytes / lines, 2),
            ["observe_bytes_per_line"] = Math.Round((double)observeBytes / lines, 2),
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread(parse),
        });
    }

    private static (double Nanoseconds, long Allocated, long Lines) Walk(ReadOnlySpan<byte> bytes, Classifier? classifier, Detector? detector)
    {
        var parser = new LineParser(ClientResolver.Direct);
        var reader = new LineParser(ClientResolver.Direct);
        var scratch = new ClassifierScratch();
        var findings = new List<Finding>();
        EventReader read = reader.TryRead;
        var lines = 0L;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.GetTimestamp();
        while (bytes.Length > 0)
        {
            var end = bytes.IndexOf((byte)'\n');
            var line = bytes[..end];
            bytes = bytes[(end + 1)..];
            lines++;
            if (parser.TryParse(line, out var e, out _) && classifier is not null)
            {
                var facts = classifier.Classify(e, scratch);
                detector?.Observe(facts, line, read, findings);
            }
        }

        return (Stopwatch.GetElapsedTime(clock).TotalNanoseconds / lines, GC.GetAllocatedBytesForCurrentThread() - allocated, lines);
    }

    private static bool TryRead(this LineParser parser, ReadOnlySpan<byte> line, out LogEvent e) => parser.TryParse(line, out e, out _);
}
