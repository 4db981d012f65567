using System.IO.Compression;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Service;

namespace DevOpsAgent.EndToEnd;

/// <summary>Recorded logs: judged by labels, and scanned.</summary>
[Collection(ProcessTests.Name)]
public sealed class ReplayTests : IDisposable
{
    private const string Keys = "clients expected_block found recall missed_clients false_blocks false_block_clients noisy_clients review_recall median_requests_to_detect lines unparsed seconds";
    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-replay-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Sample(string name)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "DevOpsAgent.slnx")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The repository's root is not above the tests.");
        }

        return Path.Combine(root, "samples", name);
    }

    [Fact]
    public async Task The_recording_is_judged_as_promised()
    {
        var (exit, output, errors) = await AgentProcess.RunAsync(["replay", Sample("recording-a/access.jsonl.gz"), "--labels", Sample("recording-a/labels.json"), "--json"]);
        exit.ShouldBe(0, errors);
        var report = JsonDocument.Parse(output).RootElement;
        report.EnumerateObject().Select(static p => p.Name).Where(Keys.Split(' ').Contains).ShouldBe(Keys.Split(' '));
        report.GetProperty("recall").GetDouble().ShouldBe(1.0);
        report.GetProperty("missed_clients").GetArrayLength().ShouldBe(0);
        report.GetProperty("found").GetInt32().ShouldBe(report.GetProperty("expected_block").GetInt32());
        report.GetProperty("expected_block").GetInt32().ShouldBeGreaterThan(5);
        report.GetProperty("false_blocks").GetInt32().ShouldBe(0);
        report.GetProperty("false_block_clients").GetArrayLength().ShouldBe(0);
        report.GetProperty("noisy_clients").GetArrayLength().ShouldBe(0);
        report.GetProperty("review_recall").GetDouble().ShouldBeGreaterThanOrEqualTo(0.9);
        report.GetProperty("median_requests_to_detect").GetDouble().ShouldBeLessThanOrEqualTo(50);
        report.GetProperty("lines").GetInt64().ShouldBe(20_606);
    }

    [Fact]
    public void A_scan_on_all_cores_always_ends_and_always_with_the_same_result()
    {
        // Findings in every block, while other threads still parse the blocks after it.
        var log = Path.Combine(_folder, "access.log");
        var at = AgentRig.Now;
        File.WriteAllLines(log, Enumerable.Range(0, 450).SelectMany(i => LogLine.Harvest($"203.0.{i / 250}.{i % 250}", 40, at + TimeSpan.FromSeconds(i))));
        var config = new AgentConfig();
        var results = Enumerable.Range(0, 12).Select(_ =>
        {
            var scan = new LogScan(config, new Detector(RuleLibrary.Load(config.Detection), config.Detection));
            scan.Read(log, new() { Path = log }, null, CancellationToken.None).ShouldBeTrue();
            return string.Join('\n', scan.Incidents.Select(static i => $"{i.Subject} {i.Threat} {i.Evidence.Matched} {i.Recommendation?.Held}"));
        }).Distinct(StringComparer.Ordinal).ToList();
        results.Count.ShouldBe(1);
        results[0].Split('\n').Length.ShouldBeGreaterThanOrEqualTo(450);
    }

    [Fact]
    public async Task Wrong_labels_show_as_missed_clients_and_exit_code_1()
    {
        var labels = Path.Combine(_folder, "labels.json");
        await File.WriteAllTextAsync(labels, """[{"ip": "192.0.2.250", "expect": "block"}]""", TestContext.Current.CancellationToken);
        var (exit, output, _) = await AgentProcess.RunAsync(["replay", Sample("recording-a/access.jsonl.gz"), "--labels", labels, "--json"]);
        exit.ShouldBe(1);
        JsonDocument.Parse(output).RootElement.GetProperty("missed_clients").EnumerateArray().Select(static c => c.GetString()).ShouldBe(["192.0.2.250"]);
    }

    [Fact]
    public async Task Plain_and_gzip_files_are_scanned_as_one_log()
    {
        // One harvester, split over an archive and the file after it: only both together are enough to block.
        var at = AgentRig.Now;
        var lines = LogLine.Harvest("203.0.113.7", 6, at).ToList();
        var (old, current) = (Path.Combine(_folder, "access.log.1.gz"), Path.Combine(_folder, "access.log"));
        await using (var gzip = new GZipStream(File.Create(old), CompressionLevel.Fastest))
        await using (var text = new StreamWriter(gzip))
        {
            await text.WriteAsync(string.Join('\n', lines.Take(3)) + "\n");
        }

        await File.WriteAllTextAsync(current, string.Join('\n', lines.Skip(3)) + "\n", TestContext.Current.CancellationToken);
        (await Clients(current)).ShouldBeEmpty();
        (await Clients(old, current)).ShouldBe(["203.0.113.7"]);
    }

    [Fact]
    public async Task A_missing_file_among_others_is_named_and_the_rest_is_scanned()
    {
        var log = Path.Combine(_folder, "access.log");
        await File.WriteAllLinesAsync(log, LogLine.Harvest("203.0.113.7", 12, AgentRig.Now), TestContext.Current.CancellationToken);
        var missing = Path.Combine(_folder, "nothing.log");
        var (exit, output, errors) = await AgentProcess.RunAsync(["scan", missing, log]);
        exit.ShouldBe(1);
        errors.ShouldContain(missing);
        output.ShouldContain("203.0.113.7");
    }

    [Fact]
    public async Task Without_any_readable_file_a_scan_says_why_and_ends_with_3()
    {
        var missing = Path.Combine(_folder, "nothing.log");
        var (exit, _, errors) = await AgentProcess.RunAsync(["scan", missing]);
        (exit, errors.Contains(missing, StringComparison.Ordinal)).ShouldBe((3, true), errors);
        (exit, _, errors) = await AgentProcess.RunAsync(["scan", _folder]);
        exit.ShouldBe(3, errors);
        errors.ShouldContain("directory");
        errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_binary_file_and_a_damaged_archive_are_counted_not_thrown_on()
    {
        var binary = Path.Combine(_folder, "binary.log");
        var bytes = new byte[300_000];
        new Random(7).NextBytes(bytes);
        await File.WriteAllBytesAsync(binary, bytes, TestContext.Current.CancellationToken);
        var (exit, output, errors) = await AgentProcess.RunAsync(["scan", binary]);
        exit.ShouldBe(0, errors);
        output.ShouldContain("unreadable");
        output.ShouldContain("0 incidents");

        var archive = Path.Combine(_folder, "cut.gz");
        var whole = await File.ReadAllBytesAsync(Sample("recording-a/access.jsonl.gz"), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(archive, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        (exit, output, errors) = await AgentProcess.RunAsync(["scan", archive]);
        exit.ShouldBe(1, errors);
        errors.ShouldContain(archive);
        output.ShouldContain("incident");
    }

    private static async Task<IEnumerable<string?>> Clients(params string[] files)
    {
        var (exit, output, errors) = await AgentProcess.RunAsync(["scan", .. files, "--json"]);
        exit.ShouldBeLessThan(2, errors);
        return JsonDocument.Parse(output).RootElement.GetProperty("incidents").EnumerateArray()
            .Where(static i => i.GetProperty("severity").GetString() is "high" or "critical").Select(static i => i.GetProperty("ip_address").GetString()).Distinct(StringComparer.Ordinal);
    }
}
