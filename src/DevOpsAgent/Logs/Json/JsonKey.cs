using System.Text;

namespace DevOpsAgent.Logs.Json;

/// <summary>The keys of Traefik's JSON access log that are read. All others are skipped.</summary>
internal enum JsonKey : byte
{
    None,
    ClientAddr,
    ClientHost,
    ClientUsername,
    DownstreamContentSize,
    DownstreamStatus,
    Duration,
    RequestCount,
    RequestHost,
    RequestMethod,
    RequestPath,
    RouterName,
    StartUtc,
    StartLocal,
    EntryPointName,
    UserAgent,
    Time,

    /// <summary>Docker's json-file driver: the text that the container wrote.</summary>
    Log,

    /// <summary>How many there are.</summary>
    Count,
}

internal static class JsonKeys
{
    /// <summary>Upper and lower case are one: some shippers write all keys in lower case.</summary>
    public static JsonKey Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => Same(name, "log"u8, JsonKey.Log),
        4 => Same(name, "time"u8, JsonKey.Time),
        8 => (name[0] | 0x20) == 'd' ? Same(name, "Duration"u8, JsonKey.Duration) : Same(name, "StartUTC"u8, JsonKey.StartUtc),
        10 => (name[0] | 0x20) switch
        {
            'c' => (name[6] | 0x20) == 'a' ? Same(name, "ClientAddr"u8, JsonKey.ClientAddr) : Same(name, "ClientHost"u8, JsonKey.ClientHost),
            'r' => Same(name, "RouterName"u8, JsonKey.RouterName),
            _ => Same(name, "StartLocal"u8, JsonKey.StartLocal),
        },
        11 => (name[7] | 0x20) == 'h' ? Same(name, "RequestHost"u8, JsonKey.RequestHost) : Same(name, "RequestPath"u8, JsonKey.RequestPath),
        12 => Same(name, "RequestCount"u8, JsonKey.RequestCount),
        13 => Same(name, "RequestMethod"u8, JsonKey.RequestMethod),
        14 => (name[0] | 0x20) == 'c'
            ? Same(name, "ClientUsername"u8, JsonKey.ClientUsername)
            : Same(name, "entryPointName"u8, JsonKey.EntryPointName),
        16 => Same(name, "DownstreamStatus"u8, JsonKey.DownstreamStatus),
        18 => Same(name, "request_User-Agent"u8, JsonKey.UserAgent),
        21 => Same(name, "DownstreamContentSize"u8, JsonKey.DownstreamContentSize),
        _ => JsonKey.None,
    };

    private static JsonKey Same(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted, JsonKey key) =>
        Ascii.EqualsIgnoreCase(name, wanted) ? key : JsonKey.None;
}
