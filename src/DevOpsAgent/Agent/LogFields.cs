using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Agent;

/// <summary>What the logs call the client, status, path, user agent and time: Traefik's own names, or ECS.</summary>
internal sealed record LogFields(string Client, string Status, string? Path, string? UserAgent, string Time)
{
    /// <summary>Null: the client, status or time can't be told.</summary>
    public static LogFields? Of(FieldCatalog fields)
    {
        var client = First(fields, "source.ip", "client.ip", "ClientHost.keyword", "ClientHost");
        var status = First(fields, "http.response.status_code", "DownstreamStatus", "OriginStatus");
        return client is null || status is null || fields.TimeField is not { } time ? null
            : new(client, status, First(fields, "url.path", "RequestPath.keyword", "url.original", "RequestPath"), First(fields, "user_agent.original", "request_User-Agent.keyword", "request_User-Agent"), time);
    }

    /// <summary>For the model.</summary>
    public override string ToString() => $"client {Client}, status {Status}, time {Time}{(Path is null ? "" : $", path {Path}")}{(UserAgent is null ? "" : $", user agent {UserAgent}")}";

    private static string? First(FieldCatalog fields, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (fields.TypeOf(name) is { } type && type != "text")
            {
                return name;
            }
        }

        return null;
    }
}
