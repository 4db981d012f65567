using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Incidents;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Bench;

/// <summary>
/// The whole allow path of one block in memory: schema, intent, every guard, permit, a tool that does nothing, receipt. And
/// the share of each guard, asked alone. Signatures are made meanwhile by the journal's own thread, off the path.
/// </summary>
internal static class GatewayBench
{
    private const int Calls = 5_000;

    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        var time = TimeProvider.System;
        var config = new AgentConfig { Guards = new() { Rate = new() { Calls = 1_000_000, Per = TimeSpan.FromSeconds(1) } } };
        var incident = Incident(time.GetUtcNow());
        var never = new NeverBlocked(static () => [AddressRange.Parse("127.0.0.1")], static () => [AddressRange.Parse("10.0.0.0/8")], static () => [AddressRange.Parse("192.0.2.0/24")]);
        IGuard[] guards =
        [
            new SchemaGuard(), new ModeGuard(static () => Mode.Auto), new RateGuard(config.Guards.Rate, time), new TargetSafetyGuard(never, config.Blocking),
            new EvidenceGuard(id => id == incident.Id ? incident : null, config.Blocking), new CapsGuard(static _ => 1, static () => 1, config.Blocking),
        ];
        var tool = new NothingTool();
        var request = new BlockRequest
        {
            Range = AddressRange.Parse("203.0.113.7"), IncidentId = incident.Id, Reason = incident.Summary, Ttl = TimeSpan.FromHours(4), By = "auto", Origin = "service", Mode = Mode.Auto,
        };
        var rounds = options.Rounds > 0 ? options.Rounds : 11;
        var whole = new List<double>();
        long bytes = 0;
        for (var round = 0; round <= rounds; round++)
        {
            // A journal of its own per round: the memory store keeps all of its entries.
            using var keys = KeyRing.InMemory(time);
            using var journal = new ReceiptJournal(new MemoryReceiptStore(), keys, time);
            var gateway = new Gateway(journal, new(guards, PromotionRules.None, config.Guards.TimeLimit, time), [tool], PolicyHash.Of(config, guards), time);
            var allocated = GC.GetTotalAllocatedBytes();
            var clock = Stopwatch.GetTimestamp();
            for (var i = 0; i < Calls; i++)
            {
                var answer = await gateway.CallAsync(tool, request, Caller.Service, incident.Id, CancellationToken.None);
                if (answer.Decision != Decision.Allow)
                {
                    throw new InvalidOperationException($"{answer.Reason}: {answer.Text}");
                }
            }

            // The first round is the compiler's.
            if (round > 0)
            {
                whole.Add(Stopwatch.GetElapsedTime(clock).TotalMicroseconds / Calls);
                bytes = (GC.GetTotalAllocatedBytes() - allocated) / Calls;
            }
        }

        var shares = new JsonObject();
        var sum = 0.0;
        foreach (var guard in guards)
        {
            var us = await AloneAsync(guard, tool, request, time.GetUtcNow(), rounds);
            shares[guard.Name] = Math.Round(us, 3);
            sum += us;
        }

        return new()
        {
            ["us"] = Math.Round(Figures.Median(whole), 2),
            ["us_guards"] = Math.Round(sum, 2),
            ["us_per_guard"] = shares,
            ["bytes_per_call"] = bytes,
            ["calls"] = Calls,
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread(whole),
        };
    }

    private static async Task<double> AloneAsync(IGuard guard, NothingTool tool, BlockRequest request, DateTimeOffset now, int rounds)
    {
        var parameters = CallParameters.Of(tool, request, static _ => "");
        var context = new GuardContext(tool, request, parameters.Element, Caller.Service, request.IncidentId, now);
        var times = new List<double>();
        for (var round = 0; round <= rounds; round++)
        {
            var clock = Stopwatch.GetTimestamp();
            for (var i = 0; i < Calls; i++)
            {
                if ((await guard.EvaluateAsync(context, CancellationToken.None)).Verdict != Verdict.Allow)
                {
                    throw new InvalidOperationException(guard.Name);
                }
            }

            times.Add(Stopwatch.GetElapsedTime(clock).TotalMicroseconds / Calls);
        }

        return Figures.Median(times[1..]);
    }

    private static Incident Incident(DateTimeOffset now) => new()
    {
        Id = 7,
        Subject = "203.0.113.7",
        Clients = [ClientAddress.Parse("203.0.113.7")],
        Threat = "secrets-scan",
        Severity = Severity.High,
        Status = IncidentStatus.Approved,
        DetectedAt = now,
        UpdatedAt = now,
        Summary = "Asked for 61 secret files in 48 s, got 404 each time.",
        Evidence = new() { Requests = 61, Matched = 61 },
    };

    /// <summary>A block_client without the block.</summary>
    private sealed class NothingTool : Tool<BlockRequest>
    {
        public override string Name => BlockClientTool.ToolName;

        public override string Description => "Blocks nobody";

        public override ToolSchema Schema => BlockClientTool.Parameters;

        public override bool HasEffect => true;

        public override void Write(BlockRequest request, Utf8JsonWriter writer) => BlockClientTool.WriteParameters(request, writer);

        public override BlockRequest Bind(JsonElement parameters, Caller caller) => throw new NotSupportedException();

        internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<BlockRequest>> permits, CancellationToken cancellationToken)
        {
            permits[0].Take();
            return Task.FromResult<IReadOnlyList<ToolResult>>([new(true, "blocked")]);
        }
    }
}
