using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Logs;
using DevOpsAgent.Service;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>An agent whose state a test sets.</summary>
internal sealed class FakeAgent : IAgentStatus
{
    public FakeAgent()
    {
        var now = TimeProvider.System.GetUtcNow();
        var minute = new DateTimeOffset(now.Ticks - now.Ticks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        Current = new()
        {
            Version = "0.1.0",
            StartedAt = now.AddHours(-26),
            Mode = Mode.Review,
            Sources =
            [
                new("/var/log/traefik/access.log", SourceState.Following, null, 1024, 0, now.AddSeconds(-1), 0, 0, 0, null),
                new("/var/log/traefik/internal.log", SourceState.Following, null, 1024, 412, now.AddSeconds(-3), 0, 0, 0, null),
            ],
            Lines = 1_284_551,
            Parsed = new Dictionary<LogFormat, long> { [LogFormat.Json] = 1_284_400, [LogFormat.Clf] = 139 },
            Unparsed = new Dictionary<UnparsedReason, long> { [UnparsedReason.Truncated] = 9, [UnparsedReason.Binary] = 3 },
            TrackedClients = 8_211,
            Target = new("Traefik file /etc/traefik/dynamic/devops-agent.yaml", true, true, null, now.AddSeconds(-12)),
            Traffic = [.. Enumerable.Range(0, 60).Select(i => new TrafficMinute(minute.AddMinutes(i - 59), 240 + i * 37 % 90 + (i > 50 ? 160 : 0), i > 50 ? 60 + i * 13 % 70 : i % 9 == 0 ? 4 : 0))],
        };
    }

    public AgentStatus Current { get; set; }

    public Task<string?> SetModeAsync(Mode mode, Caller caller, CancellationToken cancellationToken)
    {
        Current = Current with { Mode = mode };
        return Task.FromResult<string?>(null);
    }
}
