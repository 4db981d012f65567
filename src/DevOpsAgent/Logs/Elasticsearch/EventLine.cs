using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>
/// An event of Elasticsearch as the line that Traefik would have written in JSON, so that it goes the way of every other
/// line. Only what is read of a line is kept.
/// </summary>
internal sealed class EventLine(EventFields fields)
{
    private static readonly (EventRole Role, string Key)[] Keys =
    [
        (EventRole.ClientAddr, "ClientAddr"), (EventRole.ClientHost, "ClientHost"), (EventRole.User, "ClientUsername"), (EventRole.Size, "DownstreamContentSize"), (EventRole.Status, "DownstreamStatus"),
        (EventRole.Duration, "Duration"), (EventRole.RequestCount, "RequestCount"), (EventRole.Host, "RequestHost"), (EventRole.Method, "RequestMethod"), (EventRole.Path, "RequestPath"), (EventRole.Router, "RouterName"),
        (EventRole.EntryPoint, "entryPointName"), (EventRole.Agent, "request_User-Agent"),
    ];

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    /// <summary>The line without its line feed; valid until the next call. False: the source lacks time, path or client.</summary>
    public bool TryWrite(JsonElement source, out ReadOnlySpan<byte> line)
    {
        _buffer.ResetWrittenCount();
        line = default;
        if (source.ValueKind != JsonValueKind.Object || Start(source) is not { Length: > 0 } start)
        {
            return false;
        }

        using (var json = new Utf8JsonWriter(_buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (fields.IsEcs)
            {
                Client(json, source);
            }

            foreach (var (role, key) in Keys)
            {
                if (role == EventRole.Path && fields.IsEcs)
                {
                    json.WriteString(key, Path(source));
                }
                else if (fields.Find(role) is { } field && Find(source, field.Source) is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } value)
                {
                    json.WritePropertyName(key);
                    Scalar(value).WriteTo(json);
                }
            }

            json.WriteString("StartUTC", start);
            json.WriteEndObject();
        }

        line = _buffer.WrittenSpan;
        return true;
    }

    /// <summary>A value by its full name, whether its objects are nested or dotted. Undefined: there is none.</summary>
    public static JsonElement Find(JsonElement at, ReadOnlySpan<char> path)
    {
        if (at.ValueKind != JsonValueKind.Object)
        {
            return default;
        }

        if (at.TryGetProperty(path, out var whole))
        {
            return whole;
        }

        for (var dot = path.IndexOf('.'); dot > 0; dot = path[(dot + 1)..].IndexOf('.') is >= 0 and var next ? dot + 1 + next : -1)
        {
            if (at.TryGetProperty(path[..dot], out var child) && Find(child, path[(dot + 1)..]) is { ValueKind: not JsonValueKind.Undefined } found)
            {
                return found;
            }
        }

        return default;
    }

    private static JsonElement Scalar(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 ? value[0] : value;

    private static string Text(JsonElement source, string name) => Scalar(Find(source, name)) is var value && value.ValueKind == JsonValueKind.String ? value.GetString()!
        : value.ValueKind == JsonValueKind.Number ? value.GetRawText() : "";

    /// <summary>
    /// ECS of the JSON log: source.ip is the peer, network.forwarded_ip ClientHost where it differs. ECS of the CLF log:
    /// source.ip is ClientHost and the peer isn't known. A port, a forwarded address or a whole URL only comes from JSON.
    /// </summary>
    private void Client(Utf8JsonWriter json, JsonElement source)
    {
        var ip = fields.Find(EventRole.SourceIp) is { } peer ? Text(source, peer.Source) : "";
        ip = ip.Length > 0 ? ip : Text(source, "source.address");
        var forwarded = fields.Find(EventRole.ForwardedIp) is { } field ? Find(source, field.Source) : default;
        var port = Text(source, "source.port");
        if (port.Length > 0 || forwarded.ValueKind is JsonValueKind.Array or JsonValueKind.String || Text(source, "url.domain").Length > 0)
        {
            json.WriteString("ClientAddr", (ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip) + ":" + (port.Length > 0 ? port : "0"));
        }

        // ["203.0.113.7","192.0.2.10"]: the header "203.0.113.7, 192.0.2.10"
        var chain = forwarded.ValueKind switch
        {
            JsonValueKind.Array => string.Join(", ", forwarded.EnumerateArray().Where(static a => a.ValueKind == JsonValueKind.String).Select(static a => a.GetString())),
            JsonValueKind.String => forwarded.GetString()!,
            _ => "",
        };
        json.WriteString("ClientHost", chain.Length > 0 ? chain : ip);
    }

    private string Path(JsonElement source)
    {
        var text = Text(source, fields.Path.Source);
        text = text.Length > 0 ? text : Text(source, "url.original");
        if (text.Length == 0 || text == Text(source, "url.path"))
        {
            var query = Text(source, "url.query");
            return Text(source, "url.path") + (query.Length > 0 ? "?" + query : "");
        }

        // https://shop.example.com/search?q=shoes
        var scheme = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7 : text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8 : 0;
        if (scheme == 0)
        {
            return text;
        }

        var slash = text.AsSpan(scheme).IndexOfAny('/', '?');

        // OPTIONS * has no slash.
        return slash >= 0 ? text[(scheme + slash)..] : Text(source, "url.path") is { Length: > 0 } path ? path : "/";
    }

    /// <summary>Traefik's own start with all its digits, else the event's time.</summary>
    private string Start(JsonElement source)
    {
        var start = fields.Find(EventRole.Start) is { } field ? Text(source, field.Source) : "";
        start = start.Length > 0 ? start : Text(source, fields.Time.Source);
        return long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out var millis) && millis is > 0 and < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(millis).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : start;
    }
}
