using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DevOpsAgent.Logs;
using DevOpsAgent.LogStore.Documents;

namespace DevOpsAgent.LogStore.Ingest;

/// <summary>
/// Log lines as documents. A JSON line stays as it is, with <c>@timestamp</c> and the client as <c>source.ip</c> before it; a
/// CLF line gets the names that Traefik's JSON has, so that one query finds both.
/// </summary>
internal sealed class LogDocument
{
    private readonly ArrayBufferWriter<byte> _buffer = new(2048);

    /// <summary>The document; valid until the next call.</summary>
    public ReadOnlySpan<byte> Of(scoped in LogEvent e, ReadOnlySpan<byte> line)
    {
        _buffer.ResetWrittenCount();
        if (e.Format == LogFormat.Json && line.Length > 2 && line[0] == '{' && line[1] == '"')
        {
            if (line.StartsWith("{\"@timestamp\""u8))
            {
                return line;
            }

            Head(e);
            _buffer.Write(","u8);
            _buffer.Write(line[1..]);
            return _buffer.WrittenSpan;
        }

        Whole(e);
        return _buffer.WrittenSpan;
    }

    private static long Millis(in LogEvent e) => (e.Time / TimeSpan.TicksPerMillisecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMillisecond);

    /// <summary><c>{"@timestamp":"…Z","source.ip":"…"</c>, still open.</summary>
    private void Head(in LogEvent e)
    {
        var target = _buffer.GetSpan(128);
        var at = Put(target, 0, "{\"@timestamp\":\""u8);
        at += IsoTime.Write(target[at..], Millis(e), 0, 3, ShapeStep.Utc);
        at = Put(target, at, "\""u8);
        if (!e.Client.IsNone)
        {
            at = Put(target, at, ",\"source.ip\":\""u8);
            if (e.Client.IsIPv4)
            {
                var address = (uint)e.Client.Low;
                for (var shift = 24; shift >= 0; shift -= 8)
                {
                    Utf8Formatter.TryFormat((int)(address >> shift & 0xFF), target[at..], out var written);
                    at += written;
                    if (shift > 0)
                    {
                        target[at++] = (byte)'.';
                    }
                }
            }
            else
            {
                at += System.Text.Encoding.ASCII.GetBytes(e.Client.ToString(), target[at..]);
            }

            at = Put(target, at, "\""u8);
        }

        _buffer.Advance(at);
    }

    private static int Put(Span<byte> target, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(target[at..]);
        return at + text.Length;
    }

    private void Whole(scoped in LogEvent e)
    {
        using var json = new Utf8JsonWriter(_buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        Span<byte> time = stackalloc byte[40];
        var iso = time[..IsoTime.Write(time, Millis(e), 0, 3, ShapeStep.Utc)];
        json.WriteStartObject();
        json.WriteString("@timestamp"u8, iso);
        if (!e.Client.IsNone)
        {
            json.WriteString("source.ip"u8, e.Client.ToString());
        }

        json.WriteString("ClientHost"u8, Text(e.ClientHost));
        json.WriteNumber("DownstreamContentSize"u8, e.Size);
        json.WriteNumber("DownstreamStatus"u8, e.Status);
        json.WriteNumber("Duration"u8, e.DurationNs);
        if (e.RequestCount >= 0)
        {
            json.WriteNumber("RequestCount"u8, e.RequestCount);
        }

        json.WriteString("RequestHost"u8, Text(e.Host));
        json.WriteString("RequestMethod"u8, Text(e.Method));
        json.WriteString("RequestPath"u8, Text(e.Path));
        json.WriteString("RouterName"u8, Text(e.Router));
        json.WriteString("StartUTC"u8, iso);
        json.WriteString("entryPointName"u8, Text(e.EntryPoint));
        json.WriteString("request_User-Agent"u8, Text(e.Agent));
        json.WriteString("ClientUsername"u8, e.User.IsEmpty ? "-" : Text(e.User));
        json.WriteEndObject();
    }

    /// <summary>Bytes that aren't UTF-8 become the replacement character: JSON can't hold them.</summary>
    private static string Text(ReadOnlySpan<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8);
}
