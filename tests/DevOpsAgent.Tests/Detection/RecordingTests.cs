using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Tests.Detection;

/// <summary>The goals, held on a recording of real tools through a real Traefik.</summary>
public sealed class RecordingTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_attacker_is_found_early_and_nobody_else()
    {
        var folder = Samples("recording-a");
        var labels = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "labels.json"))).RootElement.EnumerateArray()
            .ToDictionary(l => ClientAddress.Parse(l.GetProperty("ip").GetString()!), l => (Expect: l.GetProperty("expect").GetString()!, What: l.GetProperty("tool").GetString() + ": " + l.GetProperty("what").GetString()));
        var run = new DetectionRun();
        var lines = 0;
        foreach (var line in TestLines.ReadFile(Path.Combine(folder, "access.jsonl.gz")))
        {
            run.Add(line).ShouldNotBeNull();
            lines++;
        }

        var text = new StringBuilder();
        var missed = labels.Where(l => l.Value.Expect == "block" && !run.BlockedAt.ContainsKey(l.Key)).Select(l => l.Key).ToArray();
        var falseBlocks = labels.Where(l => l.Value.Expect == "ignore" && run.BlockedAt.ContainsKey(l.Key)).Select(l => l.Key).ToArray();
        var noisy = labels.Where(l => l.Value.Expect == "ignore" && run.Findings.Exists(f => f.Severity > Severity.Low && f.Subject.Clients.Contains(l.Key))).Select(l => l.Key).ToArray();
        var reviews = labels.Where(l => l.Value.Expect == "review").Select(l => l.Key).ToArray();
        var unseen = reviews.Where(c => !run.Findings.Exists(f => f.Subject.Clients.Contains(c))).ToArray();
        var members = run.Findings.Where(f => f.Subject.IsCampaign).SelectMany(f => f.Subject.Clients).Distinct().ToArray();
        text.AppendLine(CultureInfo.InvariantCulture, $"{lines} lines, {run.Detector.Clients} clients, {run.Findings.Count} findings, {run.Detector.Memory} bytes");
        foreach (var (client, label) in labels.OrderBy(l => l.Value.Expect, StringComparer.Ordinal))
        {
            var findings = run.Findings.Where(f => f.Subject.Clients.Contains(client)).ToArray();
            text.AppendLine(CultureInfo.InvariantCulture, $"{label.Expect} {client} at {run.BlockedAt.GetValueOrDefault(client)} [{string.Join(", ", findings.Select(f => $"{f.RuleId}:{f.Severity}").Distinct(StringComparer.Ordinal))}] {label.What} -- {findings.LastOrDefault()?.Summary}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"median requests to detect {run.BlockedAt.Where(b => labels[b.Key].Expect == "block").Select(b => b.Value).Order().ElementAt(run.BlockedAt.Count / 2)}");
        output.WriteLine(text.ToString());
        missed.ShouldBeEmpty();
        falseBlocks.ShouldBeEmpty();
        noisy.ShouldBeEmpty();
        unseen.ShouldBeEmpty();
        members.Count(m => labels[m].Expect == "review").ShouldBeGreaterThanOrEqualTo(18);
        members.ShouldAllBe(m => labels[m].Expect != "ignore");
        run.BlockedAt.Values.ShouldAllBe(at => at <= 80);
        run.BlockedAt.Values.Order().ElementAt(run.BlockedAt.Count / 2).ShouldBeLessThanOrEqualTo(16);
        foreach (var (client, at) in run.BlockedAt.Where(b => labels[b.Key].What.Contains("directory", StringComparison.Ordinal)))
        {
            at.ShouldBeLessThanOrEqualTo(50, client.ToString());
        }

        foreach (var (client, at) in run.BlockedAt.Where(b => labels[b.Key].What.Contains("secret file", StringComparison.Ordinal)))
        {
            at.ShouldBeLessThanOrEqualTo(10, client.ToString());
        }
    }

    [Fact]
    public void The_same_clients_in_common_log_format_are_found_but_can_be_forged()
    {
        var folder = Samples("clf");
        var labels = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "labels.json"))).RootElement.EnumerateArray()
            .ToDictionary(l => ClientAddress.Parse(l.GetProperty("ip").GetString()!), l => l.GetProperty("expect").GetString()!);
        var run = new DetectionRun();
        foreach (var line in TestLines.ReadFile(Path.Combine(folder, "access.log")))
        {
            run.Add(line);
        }

        foreach (var (client, expect) in labels)
        {
            var worst = run.Findings.Where(f => f.Subject.Clients.Contains(client)).MaxBy(f => f.Action);
            output.WriteLine($"{expect} {client} {worst?.RuleId} {worst?.Summary}");
        }

        labels.Where(l => l.Value == "block").ShouldAllBe(l => run.BlockedAt.ContainsKey(l.Key));
        labels.Where(l => l.Value == "ignore").ShouldAllBe(l => !run.Findings.Exists(f => f.Severity > Severity.Low && f.Subject.Clients.Contains(l.Key)));

        // in this shorter run 203.0.113.229 only made its GET /, which is nothing to find
        labels.Where(l => l.Value == "review" && l.Key != ClientAddress.Parse("203.0.113.229")).ShouldAllBe(l => run.Findings.Exists(f => f.Subject.Clients.Contains(l.Key)));
        run.Findings.ShouldAllBe(f => f.Evidence.Forgeable);
    }

    internal static string Samples(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "samples", name);
            if (Directory.Exists(path))
            {
                return path;
            }
        }

        throw new DirectoryNotFoundException($"samples/{name}");
    }
}
