namespace DevOpsAgent.Agent.Results;

/// <summary>What of an event is shown to a model, whatever its log calls it.</summary>
internal enum LogColumn
{
    Time,
    Client,
    Method,
    Host,
    Path,
    Status,
    Agent,
    Router,
}

internal static class LogColumns
{
    public static readonly string[] Names = ["time", "client", "method", "host", "path", "status", "agent", "router"];

    public static int Count => Names.Length;

    /// <summary>Fields that hold the client: only what stands there counts as an address that the evidence holds.</summary>
    public static bool IsClientField(string field) => field is "source.ip" or "client.ip" or "ClientHost" or "ClientHost.keyword" or "client.address" or "source.address" or "source.address.keyword";

    /// <summary>The column of a field by its full name; -1: it is not shown. A better name for the same column comes first in rank.</summary>
    public static int Of(ReadOnlySpan<byte> field, out int rank)
    {
        rank = 0;
        switch (field.Length)
        {
            case 4 when field.SequenceEqual("time"u8): rank = 2; return (int)LogColumn.Time;
            case 8 when field.SequenceEqual("StartUTC"u8): rank = 1; return (int)LogColumn.Time;
            case 8 when field.SequenceEqual("url.path"u8): rank = 1; return (int)LogColumn.Path;
            case 9 when field.SequenceEqual("source.ip"u8): return (int)LogColumn.Client;
            case 9 when field.SequenceEqual("client.ip"u8): rank = 1; return (int)LogColumn.Client;
            case 10 when field.SequenceEqual("@timestamp"u8): return (int)LogColumn.Time;
            case 10 when field.SequenceEqual("ClientHost"u8): rank = 2; return (int)LogColumn.Client;
            case 10 when field.SequenceEqual("RouterName"u8): return (int)LogColumn.Router;
            case 10 when field.SequenceEqual("url.domain"u8): rank = 1; return (int)LogColumn.Host;
            case 11 when field.SequenceEqual("RequestPath"u8): return (int)LogColumn.Path;
            case 11 when field.SequenceEqual("RequestHost"u8): return (int)LogColumn.Host;
            case 12 when field.SequenceEqual("url.original"u8): return (int)LogColumn.Path;
            case 13 when field.SequenceEqual("RequestMethod"u8): return (int)LogColumn.Method;
            case 16 when field.SequenceEqual("DownstreamStatus"u8): return (int)LogColumn.Status;
            case 18 when field.SequenceEqual("request_User-Agent"u8): return (int)LogColumn.Agent;
            case 19 when field.SequenceEqual("user_agent.original"u8): return (int)LogColumn.Agent;
            case 19 when field.SequenceEqual("http.request.method"u8): return (int)LogColumn.Method;
            case 25 when field.SequenceEqual("http.response.status_code"u8): return (int)LogColumn.Status;
            case 26 when field.SequenceEqual("traefik.access.router_name"u8): return (int)LogColumn.Router;
            default: return -1;
        }
    }
}
