using System.Buffers;
using System.Text.Json;

namespace DevOpsAgent.Audit;

/// <summary>
/// A line before it has a place in the chain: all but v, seq, prev, signature and hash, without the closing brace.
/// <code>{"event":"denial","ts_unix_ms":1763715605123,"request_id":"0f..","agent_id":null,"machine_id":null,"argv":["rm"],"reason":"argv_not_allowed","count":1,"since_unix_ms":null</code>
/// Characters outside ASCII are escaped: a line is safe to print, whatever a stranger put into argv.
/// </summary>
internal sealed class LineBody : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _json;

    public LineBody() => _json = new(_buffer, new JsonWriterOptions { SkipValidation = true });

    public ReadOnlySpan<byte> Bytes => _buffer.WrittenSpan[..^1];

    public int Length => _buffer.WrittenCount - 1;

    public void Write(AuditEvent record, long tsUnixMs, Redaction redaction)
    {
        switch (record)
        {
            case AuditEvent.Request e:
                Begin("request"u8, tsUnixMs, e.RequestId);
                _json.WriteString("agent_id"u8, e.AgentId);
                _json.WriteString("machine_id"u8, e.MachineId);
                Argv(redaction.Apply(e.Argv));
                _json.WriteString("matched_acl"u8, e.MatchedAcl);
                _json.WriteNumber("stdin_bytes"u8, e.StdinBytes);
                _json.WriteNumber("timeout_ms"u8, e.TimeoutMs);
                _json.WriteString("stdin_sha256"u8, e.StdinSha256);
                break;
            case AuditEvent.Started e:
                Begin("started"u8, tsUnixMs, e.RequestId);
                _json.WriteNumber("pid"u8, e.Pid);
                break;
            case AuditEvent.Warning e:
                Begin("warning"u8, tsUnixMs, e.RequestId);
                _json.WriteString("kind"u8, e.Kind);
                Number("bytes"u8, e.Bytes);
                break;
            case AuditEvent.Exit e:
                Begin("exit"u8, tsUnixMs, e.RequestId);
                Number("code"u8, e.Code);
                Number("signal"u8, e.Signal);
                _json.WriteNumber("duration_ms"u8, e.DurationMs);
                _json.WriteNumber("stdout_bytes"u8, e.StdoutBytes);
                _json.WriteNumber("stderr_bytes"u8, e.StderrBytes);
                _json.WriteBoolean("truncated"u8, e.Truncated);
                _json.WriteString("cause"u8, e.Cause);
                _json.WriteString("stdout_sha256"u8, e.StdoutSha256);
                _json.WriteString("stderr_sha256"u8, e.StderrSha256);
                break;
            case AuditEvent.Denial e:
                Begin("denial"u8, tsUnixMs, e.RequestId);
                _json.WriteString("agent_id"u8, e.AgentId);
                _json.WriteString("machine_id"u8, e.MachineId);
                Argv(redaction.Apply(e.Argv));
                _json.WriteString("reason"u8, e.Reason);
                _json.WriteNumber("count"u8, e.Count);
                Number("since_unix_ms"u8, e.SinceUnixMs);
                break;
            default:
                throw new NotSupportedException(record.GetType().Name);
        }

        End();
    }

    /// <summary>How far a segment has come. Signed.</summary>
    /// <param name="kind">running or closing.</param>
    /// <param name="segment">seq of the segment's first line.</param>
    /// <param name="count">Lines of the segment before this one.</param>
    /// <param name="previous">Hash of the closing checkpoint of the segment before.</param>
    public void WriteCheckpoint(long tsUnixMs, string kind, long segment, long count, string previous, string key)
    {
        Begin("checkpoint"u8, tsUnixMs, null);
        _json.WriteString("kind"u8, kind);
        _json.WriteNumber("segment"u8, segment);
        _json.WriteNumber("count"u8, count);
        _json.WriteString("prev_checkpoint"u8, previous);
        _json.WriteString("key"u8, key);
        End();
    }

    /// <summary>The leave to delete the oldest segments. Signed, and on disk before they go.</summary>
    /// <param name="through">seq of the last line that goes: a closing checkpoint, which stays in the file of checkpoints.</param>
    public void WriteRetention(long tsUnixMs, long through, string closing, int segments, string reason, string key)
    {
        Begin("retention"u8, tsUnixMs, null);
        _json.WriteNumber("removed_through"u8, through);
        _json.WriteString("closing"u8, closing);
        _json.WriteNumber("segments"u8, segments);
        _json.WriteString("reason"u8, reason);
        _json.WriteString("key"u8, key);
        End();
    }

    /// <summary>What was found behind the last whole line at the start, and where it is now.</summary>
    public void WriteRecovery(long tsUnixMs, long bytes, string file, string sha256)
    {
        Begin("recovery"u8, tsUnixMs, null);
        _json.WriteNumber("torn_bytes"u8, bytes);
        _json.WriteString("torn_file"u8, file);
        _json.WriteString("torn_sha256"u8, sha256);
        End();
    }

    public void Dispose() => _json.Dispose();

    private void Begin(ReadOnlySpan<byte> name, long tsUnixMs, string? request)
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("event"u8, name);
        _json.WriteNumber("ts_unix_ms"u8, tsUnixMs);
        _json.WriteString("request_id"u8, request);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
    }

    private void Argv(IReadOnlyList<string> argv)
    {
        _json.WriteStartArray("argv"u8);
        foreach (var word in argv)
        {
            _json.WriteStringValue(word);
        }

        _json.WriteEndArray();
    }

    private void Number(ReadOnlySpan<byte> key, long? value)
    {
        if (value is { } number)
        {
            _json.WriteNumber(key, number);
        }
        else
        {
            _json.WriteNull(key);
        }
    }
}
