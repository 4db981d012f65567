using DevOpsAgent.Addresses;

namespace DevOpsAgent.Logs;

/// <summary>
/// A LogEvent is one request as read from one access-log line. The text fields are slices of the line (or of the
/// parser's scratch buffer, where JSON escapes had to be undone) and live only until the next line is parsed.
/// </summary>
internal ref struct LogEvent
{
    /// <summary>Start of the request, UTC ticks (100 ns). CLF has whole seconds.</summary>
    public long Time;

    /// <summary>The address that a block would hit: the rightmost hop that is not a trusted proxy.</summary>
    public ClientAddress Client;

    /// <summary>The TCP peer (ClientAddr). None where the format doesn't have it (CLF).</summary>
    public ClientAddress Peer;

    /// <summary>HTTP status sent to the client; 0 for WebSockets and cut connections.</summary>
    public int Status;

    /// <summary>Milliseconds would lose Traefik's precision: nanoseconds, as logged. CLF: milliseconds × 1e6.</summary>
    public long DurationNs;

    /// <summary>Bytes sent to the client (DownstreamContentSize).</summary>
    public long Size;

    /// <summary>Traefik's request counter, one per process; -1 where the line has none.</summary>
    public long RequestCount;

    public LogFormat Format;

    public LogEventFlags Flags;

    public ReadOnlySpan<byte> Method;
    public ReadOnlySpan<byte> Host;

    /// <summary>Path with query, as logged: not yet decoded.</summary>
    public ReadOnlySpan<byte> Path;

    /// <summary>User agent; empty both when the header was absent and when it was empty.</summary>
    public ReadOnlySpan<byte> Agent;

    /// <summary>User name of a (possibly refused) basic authentication; empty for "-".</summary>
    public ReadOnlySpan<byte> User;

    public ReadOnlySpan<byte> Router;
    public ReadOnlySpan<byte> EntryPoint;

    /// <summary>ClientHost as logged: one address, a raw X-Forwarded-For, or any text that a client sent.</summary>
    public ReadOnlySpan<byte> ClientHost;
}

/// <summary>How a line was written. A line behind a container prefix keeps the format of what stands behind it.</summary>
internal enum LogFormat : byte
{
    Unknown,
    Json,
    Clf,
    GenericClf,
}

[Flags]
internal enum LogEventFlags : byte
{
    None = 0,

    /// <summary>CLF lines can be forged by any client (a user name with a line feed), JSON lines cannot, unless they stand among CLF lines or lack ClientAddr.</summary>
    Forgeable = 1,

    /// <summary>Probably forged: RequestCount is out of step, or the line follows one that was torn by a line feed. Never a reason to ignore the line.</summary>
    Suspect = 2,

    /// <summary>Client came out of X-Forwarded-For, through a trusted proxy.</summary>
    Forwarded = 4,

    /// <summary>Answered by a router of our own (a denied request): never counted by detection.</summary>
    OwnDenial = 8,
}
