using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Traefik;
using YamlDotNet.RepresentationModel;

namespace DevOpsAgent.EndToEnd;

/// <summary>kill -9 at random moments under load: nothing acknowledged is lost, nothing counts twice, the deny file is always whole.</summary>
[Collection(ProcessTests.Name)]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Moments = 200;
    private const int Lanes = 4;

    [Fact]
    public async Task Two_hundred_kills_lose_nothing_and_double_nothing()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("KILL_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"KILL_SEED={seed}");
        var clock = Stopwatch.StartNew();

        // Start-up takes most of the time: four agents, each with a log and a database of its own, share the moments.
        var kills = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Task.Run(() => RunAsync(new Random(seed + lane), Moments / Lanes))));
        kills.Sum().ShouldBe(Moments);
        output.WriteLine($"{kills.Sum()} kills in {clock.Elapsed.TotalSeconds:F0} s");
    }

    [Fact]
    public async Task SIGTERM_while_lines_come_ends_within_seconds_with_all_that_was_read_stored()
    {
        await using var rig = new AgentRig(blocking: ["max_new_blocks: 30000"]);
        using var load = new Load(rig, new Random(1));
        for (var round = 0; round < 3; round++)
        {
            var agent = await rig.StartAsync();
            await Eventually.True(() => rig.Store.GetCheckpoints().Any(), "something is stored");
            var clock = Stopwatch.StartNew();
            await rig.StopAsync(agent);
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(8));
        }

        await load.FinishAsync();
        var last = await rig.StartAsync();
        await Verify(rig, load, new Dictionary<long, string>());
        await rig.ReadToEndAsync();
        await rig.StopAsync(last);
        rig.Store.GetCheckpoints()[0].Offset.ShouldBe(new FileInfo(rig.Log).Length);
    }

    private static async Task<int> RunAsync(Random random, int moments)
    {
        await using var rig = new AgentRig(blocking: ["max_new_blocks: 30000"]);
        using var load = new Load(rig, random);
        var acknowledged = new Dictionary<long, string>();
        var kills = 0;
        while (kills < moments)
        {
            var agent = rig.Launch();
            await MomentAsync(agent, random);
            await rig.KillAsync(agent);
            kills++;
            Acknowledge(rig, acknowledged);
        }

        await load.FinishAsync();
        var last = await rig.StartAsync();
        await Verify(rig, load, acknowledged);
        await rig.StopAsync(last);
        acknowledged.Count.ShouldBeGreaterThan(0, "blocks must have been made between the kills");
        return kills;
    }

    /// <summary>A third while it starts and puts right what the last kill left, a third soon after, a third around the writing of blocks.</summary>
    private static async Task MomentAsync(AgentProcess agent, Random random)
    {
        switch (random.Next(3))
        {
            case 0:
                await Task.Delay(random.Next(150, 600), TestContext.Current.CancellationToken);
                break;
            case 1:
                await agent.WaitForAsync(" started ");
                await Task.Delay(random.Next(5, 250), TestContext.Current.CancellationToken);
                break;
            default:
                await agent.WaitForAsync(random.Next(2) == 0 ? "secrets-scan" : " is blocked until ");
                await Task.Delay(random.Next(0, 30), TestContext.Current.CancellationToken);
                break;
        }
    }

    /// <summary>After a kill: the deny file is absent or whole, and holds every block that the store calls written.</summary>
    private static void Acknowledge(AgentRig rig, Dictionary<long, string> acknowledged)
    {
        var text = rig.Denied;
        if (text.Length > 0)
        {
            DenyFile.IsUntouched(text).ShouldBeTrue("the hash does not fit: " + text);
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            ((YamlMappingNode)yaml.Documents[0].RootNode).Children.Keys.Select(static k => k.ToString()).ShouldBe(["http"]);
        }

        Directory.EnumerateFiles(rig.Watched).Select(Path.GetFileName).ShouldBeSubsetOf(["devops-agent.yaml"], StringComparer.Ordinal);
        if (!File.Exists(rig.Database) || new FileInfo(rig.Database).Length == 0)
        {
            acknowledged.ShouldBeEmpty();
            return;
        }

        foreach (var block in rig.Store.GetLiveBlocks().Where(static b => b.Status != Blocking.BlockStatus.Pending))
        {
            text.ShouldContain($"`{block.Range}`");
            acknowledged[block.Id] = block.Range.ToString();
        }

        var stored = rig.Store.GetLiveBlocks().ToDictionary(static b => b.Id, static b => b.Range.ToString());
        acknowledged.ShouldBeSubsetOf(stored);
    }

    private static async Task Verify(AgentRig rig, Load load, IReadOnlyDictionary<long, string> acknowledged)
    {
        foreach (var (client, lines) in load.Written)
        {
            var incident = await rig.IncidentAsync(client, i => i.Evidence.Matched >= lines && i.Status == IncidentStatus.Blocked, $"counts {lines} and is blocked");
            incident.Evidence.Matched.ShouldBe(lines, client);
            incident.Evidence.Requests.ShouldBe(lines, client);
        }

        var all = new List<Incident>();
        for (IncidentPage page; (page = rig.Store.ListIncidents(new() { Limit = 200, Offset = all.Count, WithoutEvidence = true })).Items.Count > 0;)
        {
            all.AddRange(page.Items);
        }

        all.Where(static i => !i.IsCampaign).GroupBy(static i => (i.Subject, i.Threat)).ShouldAllBe(static g => g.Count() == 1);
        all.Where(static i => !i.IsCampaign).Select(static i => i.Subject).Order(StringComparer.Ordinal).ShouldBe(load.Written.Keys.Order(StringComparer.Ordinal), "only attackers, and all of them");
        var blocks = rig.Store.ListBlocks(liveOnly: false, 10_000, 0, out _);
        blocks.Select(static b => b.Range).ShouldBeUnique();
        blocks.Select(static b => b.Range.ToString()).Order(StringComparer.Ordinal).ShouldBe(load.Written.Keys.Order(StringComparer.Ordinal));
        blocks.ToDictionary(static b => b.Id, static b => b.Range.ToString()).ShouldSatisfyAllConditions(stored => acknowledged.ShouldBeSubsetOf(stored));

        // An intent whose block never came is given a minute before it is called failed; what comes in the log wakes the agent.
        await Eventually.True(
            () =>
            {
                rig.Append(LogLine.Visits("198.51.100.4", 1, AgentRig.Now));
                return rig.Store.GetActions(null, openOnly: true, 100).Count == 0;
            },
            "no intent is open",
            limit: TimeSpan.FromSeconds(90));
    }

    /// <summary>Appends some 2,000 lines a second: ordinary visitors, and ever more clients that look for secrets.</summary>
    private sealed class Load : IDisposable
    {
        private readonly ConcurrentDictionary<string, long> _written = new(StringComparer.Ordinal);
        private readonly CancellationTokenSource _stop = new();
        private readonly AgentRig _rig;
        private readonly Task _writing;

        public Load(AgentRig rig, Random random)
        {
            _rig = rig;
            _writing = Task.Run(() => WriteAsync(new Random(random.Next())));
        }

        /// <summary>Lines of each attacker.</summary>
        public IReadOnlyDictionary<string, long> Written => _written;

        /// <summary>
        /// Ends it with a whole harvest of each attacker, so that one who had only begun is a scanner too, and one more line
        /// late enough in the log's time to bring all that was counted.
        /// </summary>
        public async Task FinishAsync()
        {
            const int Harvest = 8;
            await _stop.CancelAsync();
            await _writing;
            var late = AgentRig.Now + TimeSpan.FromMinutes(6);
            foreach (var client in _written.Keys.ToList())
            {
                _rig.Append(LogLine.Harvest(client, Harvest, AgentRig.Now).Concat(LogLine.Harvest(client, 1, late)));
                _written[client] += Harvest + 1;
            }
        }

        public void Dispose()
        {
            _stop.Cancel();
            _writing.GetAwaiter().GetResult();
            _stop.Dispose();
        }

        private async Task WriteAsync(Random random)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            await using var log = new FileStream(_rig.Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            for (var tick = 0; !_stop.IsCancellationRequested; tick++)
            {
                await timer.WaitForNextTickAsync(CancellationToken.None);
                var at = AgentRig.Now;
                var lines = new List<string>(LogLine.Visits($"198.51.100.{random.Next(1, 200)}", 37, at));

                // A new attacker every 600 ms, and any of the earlier ones goes on. Only even addresses: none are merged into a range.
                var newest = tick / 30;
                foreach (var number in (int[])[newest, random.Next(newest + 1), random.Next(newest + 1)])
                {
                    var client = $"203.0.{number / 120}.{2 + (number % 120 * 2)}";
                    var count = _written.GetValueOrDefault(client);
                    lines.Add(LogLine.Json(client, LogLine.Secrets[(int)(count % LogLine.Secrets.Count)], 404, at));
                    _written[client] = count + 1;
                }

                await log.WriteAsync(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
                await log.FlushAsync();
            }
        }
    }
}
