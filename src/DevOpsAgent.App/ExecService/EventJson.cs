using System.Buffers;
using System.Text.Json;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.ExecService;

/// <summary>
/// What the service answers, one JSON object a line, each with its kind as "event": started, stdout, stderr, warning, exit for a run;
/// denied for what is refused; allowed, renewed, cancelled, sessions and hello for the other calls.
/// </summary>
internal static class EventJson
{
    private static ReadOnlySpan<byte> End => "\n"u8;

    public static void Write(IBufferWriter<byte> output, ExecSession session, ExecEvent record) => Line(output, record, (json, e) =>
    {
        switch (e)
        {
            case ExecEvent.Started started:
                json.WriteString("event", "started");
                json.WriteString("request_id", session.RequestId.ToString());
                json.WriteNumber("pid", started.Pid);
                json.WriteString("matched_acl", session.MatchedAcl);
                break;
            case ExecEvent.Output chunk:
                json.WriteString("event", chunk.Stream == ExecStream.Stdout ? "stdout" : "stderr");
                json.WriteBase64String("data", chunk.Bytes.Span);
                break;
            case ExecEvent.Warning warning:
                json.WriteString("event", "warning");
                json.WriteString("kind", warning.Kind.Wire());
                Number(json, "bytes", warning.Bytes);
                break;
            case ExecEvent.Exited { Exit: var exit }:
                json.WriteString("event", "exit");
                Number(json, "code", exit.Code);
                Number(json, "signal", exit.Signal);
                json.WriteString("cause", exit.Cause?.Wire());
                json.WriteNumber("duration_ms", (long)exit.Duration.TotalMilliseconds);
                json.WriteNumber("stdout_bytes", exit.StdoutBytes);
                json.WriteNumber("stderr_bytes", exit.StderrBytes);
                json.WriteBoolean("truncated", exit.Truncated);
                break;
        }
    });

    /// <param name="detail">The check behind the reason where there are several; null.</param>
    /// <param name="text">For people: what, and what to do.</param>
    public static void Denied(IBufferWriter<byte> output, string reason, string? detail, string text) => Line(output, (reason, detail, text), static (json, d) =>
    {
        json.WriteString("event", "denied");
        json.WriteString("reason", d.reason);
        json.WriteString("detail", d.detail);
        json.WriteString("text", d.text);
    });

    public static void Allowed(IBufferWriter<byte> output, string? matchedAcl) => Line(output, matchedAcl, static (json, acl) =>
    {
        json.WriteString("event", "allowed");
        json.WriteString("matched_acl", acl);
    });

    /// <param name="kind">"renewed" or "cancelled".</param>
    public static void Done(IBufferWriter<byte> output, string kind, bool found) => Line(output, (kind, found), static (json, d) =>
    {
        json.WriteString("event", d.kind);
        json.WriteBoolean("found", d.found);
    });

    public static void Hello(IBufferWriter<byte> output, FrameJudge judge, TimeSpan lease, DateTimeOffset now) => Line(output, (judge, lease, now), static (json, d) =>
    {
        json.WriteString("event", "hello");
        json.WriteString("machine_id", d.judge.MachineId);
        json.WriteString("start_id", d.judge.StartId);
        json.WriteNumber("ts_unix_ms", d.now.ToUnixTimeMilliseconds());
        json.WriteNumber("lease_ms", (long)d.lease.TotalMilliseconds);
    });

    /// <param name="report">Null: the caller may see its own sessions only.</param>
    public static void Sessions(IBufferWriter<byte> output, IEnumerable<ExecSession> active, ExecReport? report, DateTimeOffset now) => Line(output, (active, report, now), static (json, d) =>
    {
        json.WriteString("event", "sessions");
        json.WriteStartArray("sessions");
        foreach (var session in d.active)
        {
            json.WriteStartObject();
            json.WriteString("request_id", session.RequestId.ToString());
            json.WriteString("agent_id", session.Sender.AgentId);
            json.WriteString("machine_id", session.Sender.MachineId);
            json.WriteString("matched_acl", session.MatchedAcl);
            json.WriteNumber("pid", session.Pid);
            json.WriteString("started_at", session.StartedAt);
            json.WriteNumber("age_ms", (long)(d.now - session.StartedAt).TotalMilliseconds);
            json.WriteStartArray("argv");
            foreach (var token in session.Argv)
            {
                json.WriteStringValue(token);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WritePropertyName("diagnostics");
        JsonSerializer.Serialize(json, d.report, ReportJson.Default.ExecReport!);
    });

    private static void Line<T>(IBufferWriter<byte> output, T value, Action<Utf8JsonWriter, T> write)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            write(json, value);
            json.WriteEndObject();
        }

        output.Write(End);
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
