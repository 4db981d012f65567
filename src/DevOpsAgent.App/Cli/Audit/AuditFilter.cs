using System.Text.Json;
using DevOpsAgent.Audit;

namespace DevOpsAgent.App.Cli.Audit;

/// <summary>Which lines are shown.</summary>
/// <param name="Agent">Beginning of an agent's id: its requests, and all that came of them.</param>
internal sealed record AuditFilter(IReadOnlyList<string> Events, string? Agent, string? Request, long? SinceUnixMs)
{
    // Requests of the agent that are still open.
    private readonly HashSet<string> _requests = new(StringComparer.Ordinal);

    public bool Passes(AuditLine line, JsonElement json)
    {
        var ofAgent = Agent is null || IsOfAgent(line, json);
        return ofAgent && (Events.Count == 0 || Events.Contains(line.Event, StringComparer.Ordinal))
            && (Request is null || line.RequestId?.StartsWith(Request, StringComparison.OrdinalIgnoreCase) == true)
            && (SinceUnixMs is null || line.TsUnixMs >= SinceUnixMs);
    }

    private bool IsOfAgent(AuditLine line, JsonElement json)
    {
        if (json.TryGetProperty("agent_id", out var agent))
        {
            var matches = agent.ValueKind == JsonValueKind.String && agent.GetString()!.StartsWith(Agent!, StringComparison.OrdinalIgnoreCase);
            if (matches && line is { Event: "request", RequestId: { } id })
            {
                _requests.Add(id);
            }

            return matches;
        }

        return line.RequestId is { } request && (line.Event == "exit" ? _requests.Remove(request) : _requests.Contains(request));
    }
}
