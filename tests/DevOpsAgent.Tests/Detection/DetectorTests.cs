using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Detection;

public sealed class DetectorTests
{
    private static readonly string[] Secrets = ["/.env", "/.git/config", "/.aws/credentials", "/.ssh/id_rsa", "/.env.local", "/.npmrc", "/.htpasswd", "/id_rsa"];

    [Fact]
    public void A_finding_holds_what_a_person_needs()
    {
        var run = new DetectionRun();
        for (var i = 0; i < 5; i++)
        {
            run.Add(TestLines.Line(i, "203.0.113.7", "GET", Secrets[i], 404, "Mozilla/5.0 <script>"));
        }

        var finding = run.Findings[^1];
        finding.RuleId.ShouldBe("secret-files");
        finding.Action.ShouldBe(RuleAction.Block);
        finding.Subject.Key.ShouldBe("203.0.113.7");
        finding.At.ShouldBe(TestLines.Start.AddSeconds(4));
        finding.Summary.ShouldBe("Asked for 5 secret files in 4 s, all refused; never loaded an ordinary page, style or image.");
        var evidence = finding.Evidence;
        evidence.Requests.ShouldBe(5);
        evidence.Matched.ShouldBe(5);
        evidence.DistinctPaths.ShouldBe(5);
        evidence.FirstSeen.ShouldBe(TestLines.Start);
        evidence.Paths.ShouldContain(new TopItem("/.env", 1, 404));
        evidence.Agents.ShouldBe([new TopItem("Mozilla/5.0 <script>", 5)]);
        evidence.Statuses.ShouldBe([new TopItem("404", 5)]);
        evidence.Hosts.ShouldBe([new TopItem("shop.example.com", 5)]);
        evidence.EntryPoints.ShouldBe([new TopItem("web", 5)]);
        evidence.Samples.Count.ShouldBe(5);
        evidence.Samples[0].ShouldContain("\"/.env\"");
        evidence.Chart.Refused.Sum().ShouldBe(5);
        evidence.Forgeable.ShouldBeFalse();
        var rule = evidence.Rules.Single(r => r.RuleId == "secret-files");
        rule.Fired.ShouldBeTrue();
        rule.FiredAtRequest.ShouldBe(5);
        rule.Conditions[0].ShouldBe(new ConditionCount("distinct_paths of path secret-files", 5, 5, TimeSpan.FromHours(24)));
    }

    [Fact]
    public void Findings_come_when_something_changed_not_per_event()
    {
        var run = new DetectionRun();
        for (var i = 0; i < 400; i++)
        {
            run.Add(TestLines.Line(i * 0.1, "203.0.113.7", "GET", $"/{(char)('a' + i % 26)}{i}/.env", 404));
        }

        run.Findings.Count.ShouldBeLessThan(15);
        run.Findings[^1].Evidence.Matched.ShouldBeGreaterThanOrEqualTo(200);
        run.Findings.Select(f => f.Evidence.Matched).ShouldBe(run.Findings.Select(f => f.Evidence.Matched).Order());
    }

    [Fact]
    public void After_a_pause_one_more_probe_is_enough()
    {
        var run = new DetectionRun();
        for (var i = 0; i < 5; i++)
        {
            run.Add(TestLines.Line(i, "203.0.113.7", "GET", Secrets[i], 404));
        }

        var before = run.Findings.Count;
        run.Add(TestLines.Line(4.5 * 3600, "203.0.113.7", "GET", "/.netrc", 404));
        run.Findings.Count.ShouldBe(before + 1);
        run.Findings[^1].Action.ShouldBe(RuleAction.Block);

        // a day later the old probes are out of the window: an ordinary miss, and even one probe, say nothing
        run.Add(TestLines.Line(48 * 3600, "203.0.113.7", "GET", "/missing", 404));
        run.Add(TestLines.Line(48 * 3600 + 1, "203.0.113.7", "GET", "/.env", 404));
        run.Findings.Skip(before + 1).ShouldAllBe(f => f.Action == RuleAction.Record);
    }

    [Fact]
    public void Denied_requests_of_our_own_never_count()
    {
        var rules = RuleLibrary.Load(new());
        var detector = new Detector(rules, new());
        var findings = new List<Finding>();
        var facts = new EventFacts { Time = 1, Client = ClientAddress.Parse("203.0.113.7"), Status = 403, Tags = ulong.MaxValue, AgentTags = ulong.MaxValue, Flags = FactFlags.OwnDenial };
        detector.Observe(facts, [], NoText, findings);
        detector.Clients.ShouldBe(0);
        findings.ShouldBeEmpty();
    }

    [Fact]
    public void A_user_agent_alone_never_blocks()
    {
        var run = new DetectionRun();
        for (var i = 0; i < 200; i++)
        {
            run.Add(TestLines.Line(i, "203.0.113.7", "GET", $"/products/{i}", 200, "sqlmap/1.7 nuclei ${jndi:ldap://x/a} <script> union select"));
        }

        run.Findings.ShouldNotBeEmpty();
        run.Findings.ShouldAllBe(f => f.Severity == Severity.Low);
    }

    [Fact]
    public void The_facts_of_a_request_are_small() =>
        System.Runtime.CompilerServices.Unsafe.SizeOf<EventFacts>().ShouldBeLessThanOrEqualTo(96);

    [Fact]
    public void Forged_lines_are_told_apart()
    {
        var run = new DetectionRun();
        for (var i = 0; i < 5; i++)
        {
            run.Add($"203.0.113.9 - - [21/Nov/2026:08:00:0{i} +0000] \"GET {Secrets[i]} HTTP/1.1\" 404 19 \"-\" \"-\" {i + 1} \"-\" \"-\" 0ms");
        }

        run.Findings[^1].Evidence.Forgeable.ShouldBeTrue();
        run.Add(TestLines.Line(60, "203.0.113.9", "GET", Secrets[5], 404));
        for (var i = 0; i < 8; i++)
        {
            run.Add(TestLines.Line(61 + i, "203.0.113.9", "GET", Secrets[i], 404));
        }

        run.Findings[^1].Evidence.Forgeable.ShouldBeFalse();
    }

    [Fact]
    public void Evidence_is_bounded()
    {
        var run = new DetectionRun();
        for (var i = 0; i < 3000; i++)
        {
            run.Add(TestLines.Line(i * 60, "203.0.113.7", "GET", $"/x{i}/.env?{new string('a', 3000)}", i % 2 == 0 ? 404 : 200, $"agent {i}"));
        }

        var evidence = run.Findings[^1].Evidence;
        evidence.Samples.Count.ShouldBeLessThanOrEqualTo(20);
        evidence.Samples.ShouldAllBe(s => s.Length <= 2048);
        evidence.Paths.Count.ShouldBeLessThanOrEqualTo(10);
        evidence.Paths.ShouldAllBe(p => p.Value.Length <= 201);
        evidence.Chart.Ok.Count.ShouldBeLessThanOrEqualTo(60);
        evidence.DistinctPaths.ShouldBe(1000);
        run.Detector.Memory.ShouldBeLessThan(400_000);
    }

    [Fact]
    public void Explain_says_how_far_each_rule_was()
    {
        var run = new DetectionRun();
        run.Detector.Watch(ClientAddress.Parse("203.0.113.7"));
        for (var i = 0; i < 4; i++)
        {
            run.Add(TestLines.Line(i, "203.0.113.7", "GET", Secrets[i], 404));
        }

        var explanation = run.Detector.Explain(ClientAddress.Parse("203.0.113.7")).ShouldNotBeNull();
        explanation.Requests.ShouldBe(4);
        var rule = explanation.Rules.Single(r => r.Rule.Id == "secret-files");
        rule.Fired.ShouldBeNull();
        rule.Conditions[0].Value.ShouldBe(4);
        rule.Progress.ShouldBe(0.8, 0.001);
        rule.Concerned.ShouldBeTrue();
        explanation.Rules.Single(r => r.Rule.Id == "single-secret-probe").Fired.ShouldNotBeNull();
        explanation.Rules.Single(r => r.Rule.Id == "distributed-secrets-scan").Campaign!.ShouldContain("4 probed paths");
        run.Detector.Explain(ClientAddress.Parse("203.0.113.8")).ShouldBeNull();
    }

    [Fact]
    public void An_exception_of_a_rule_lets_pass_and_is_counted()
    {
        var folder = Directory.CreateTempSubdirectory("devops-agent-rules-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "r.yaml"), """
                rules:
                - id: secret-files
                  title: Own
                  threat: secrets-scan
                  severity: high
                  action: block
                  within: 1h
                  when: [{where: {path: secret-files}, count: distinct_paths, at_least: 3}]
                  except: [{client: 10.0.0.0/8}, {host: [Files.example.com], method: GET}]
                """);
            var config = new DetectionConfig { Rules = [folder], DisabledRules = ["secret-and-config-files", "config-files", "directory-scan-dot-names"] };
            var run = new DetectionRun(RuleLibrary.Load(config), config);
            run.Detector.Watch(ClientAddress.Parse("10.1.2.3"));
            for (var i = 0; i < 5; i++)
            {
                run.Add(TestLines.Line(i, "10.1.2.3", "GET", Secrets[i], 404));
                run.Add(TestLines.Line(i, "203.0.113.8", "GET", Secrets[i], 404, host: "files.example.com:443"));
                run.Add(TestLines.Line(i, "203.0.113.9", "GET", Secrets[i], 404));
            }

            run.BlockedAt.Keys.ShouldBe([ClientAddress.Parse("203.0.113.9")]);
            run.Detector.Explain(ClientAddress.Parse("10.1.2.3"))!.Rules.Single(r => r.Rule.Id == "secret-files").Excepted.ShouldBe(5);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_flood_of_harmless_clients_does_not_make_it_forget_a_scanner()
    {
        var config = new DetectionConfig { MaxClients = 1000 };
        var run = new DetectionRun(RuleLibrary.Load(config), config);
        for (var i = 0; i < 4; i++)
        {
            run.Add(TestLines.Line(i, "203.0.113.7", "GET", Secrets[i], 404));
        }

        for (var i = 0; i < 20_000; i++)
        {
            run.Add(TestLines.Line(10 + i * 0.01, $"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "GET", "/", 200));
        }

        run.Detector.Clients.ShouldBe(1000);
        run.Detector.Evicted.ShouldBe(19_001);
        run.Add(TestLines.Line(500, "203.0.113.7", "GET", Secrets[4], 404));
        run.BlockedAt.Keys.ShouldBe([ClientAddress.Parse("203.0.113.7")]);
    }

    [Fact]
    public void Memory_stays_within_its_cap_when_everyone_probes()
    {
        var config = new DetectionConfig { MaxMemory = 2 << 20 };
        var run = new DetectionRun(RuleLibrary.Load(config), config);
        for (var i = 0; i < 5000; i++)
        {
            run.Add(TestLines.Line(i * 0.01, $"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "GET", "/.env", 404));
        }

        run.Detector.Memory.ShouldBeLessThanOrEqualTo(2 << 20);
        run.Detector.Clients.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void An_ordinary_request_allocates_nothing()
    {
        var rules = RuleLibrary.Load(new());
        var classifier = new Classifier(rules.Lists);
        var scratch = new ClassifierScratch();
        var detector = new Detector(rules, new());
        var findings = new List<Finding>();
        var parser = new LineParser(ClientResolver.Direct);
        var lines = Enumerable.Range(0, 64).Select(i => Encoding.UTF8.GetBytes(
            TestLines.Line(i, $"10.0.0.{i}", "GET", $"/products/oak-desk-{i % 7}?q={i % 5}", 200))).ToArray();
        void All()
        {
            foreach (var line in lines)
            {
                if (parser.TryParse(line, out var e, out _))
                {
                    detector.Observe(classifier.Classify(e, scratch), line, NoText, findings);
                }
            }
        }

        All();
        All();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            All();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        (detector.Memory / detector.Clients).ShouldBeLessThanOrEqualTo(250);
    }

    private static bool NoText(ReadOnlySpan<byte> line, out LogEvent e)
    {
        e = default;
        return false;
    }
}
