using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using static DevOpsAgent.Guards.Receipts.EntryNames;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// Writes bodies as canonical JSON: keys in ordinal order, no white space, UTF-8, whole numbers only, times as
/// 2026-11-21T09:00:00.0000000Z, nothing left out (nulls are written). Not thread safe: one buffer is used again and again.
/// </summary>
internal sealed class EntryWriter : IDisposable
{
    // Escapes only what JSON demands and what isn't printable: stored text stays readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _json;

    public EntryWriter() => _json = new(_buffer, Options);

    public byte[] Write(long seq, string prev, Intent intent)
    {
        Begin(intent.At);
        Write(intent.Caller);
        WriteIncident(intent.IncidentId);
        _json.WriteString(Key.Kind, "intent"u8);
        WriteCall(intent.Parameters, intent.ParametersHash, intent.PolicyHash);
        _json.WriteString(Key.Prev, prev);
        _json.WriteNumber(Key.Seq, seq);
        _json.WriteString(Key.Tool, intent.Tool);
        return End();
    }

    public byte[] Write(long seq, string prev, Receipt receipt)
    {
        Begin(receipt.At);
        Write(receipt.Caller);
        _json.WriteString(Key.Decision, Of(receipt.Decision));
        Write(receipt.Evidence);
        WriteIncident(receipt.IncidentId);
        _json.WriteNumber(Key.Intent, receipt.Intent);
        _json.WriteString(Key.Kind, "receipt"u8);
        WriteCall(receipt.Parameters, receipt.ParametersHash, receipt.PolicyHash);
        _json.WriteString(Key.Prev, prev);
        _json.WriteString(Key.Reason, receipt.Reason);
        _json.WriteNumber(Key.Seq, seq);
        Write(receipt.Signals);
        _json.WriteString(Key.Text, receipt.Text);
        _json.WriteString(Key.Tool, receipt.Tool);
        return End();
    }

    public byte[] Write(long seq, string prev, Checkpoint checkpoint)
    {
        Begin(checkpoint.At);
        _json.WriteNumber(Key.Count, checkpoint.Count);
        _json.WriteNumber(Key.First, checkpoint.First);
        _json.WriteString(Key.Kind, "checkpoint"u8);
        _json.WriteNumber(Key.Last, checkpoint.Last);
        _json.WriteString(Key.Prev, prev);
        _json.WriteString(Key.Previous, checkpoint.Previous);
        _json.WriteString(Key.Root, checkpoint.Root);
        _json.WriteNumber(Key.Seq, seq);
        return End();
    }

    public void Dispose() => _json.Dispose();

    private void Begin(DateTimeOffset at)
    {
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _json.WriteStartObject();
        Span<byte> time = stackalloc byte[32];
        at.UtcDateTime.TryFormat(time, out var length, "O", CultureInfo.InvariantCulture);
        _json.WriteString(Key.At, time[..length]);
    }

    private byte[] End()
    {
        _json.WriteNumber(Key.V, EntryNames.Version);
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.WrittenSpan.ToArray();
    }

    private void Write(Caller caller)
    {
        _json.WriteStartObject(Key.Caller);
        _json.WriteString(Key.Agent, caller.Agent);
        _json.WriteString(Key.By, caller.By);
        _json.WriteString(Key.Kind, Of(caller.Kind));
        _json.WriteString(Key.Origin, caller.Origin);
        _json.WriteEndObject();
    }

    private void WriteIncident(long? id)
    {
        if (id is { } value)
        {
            _json.WriteNumber(Key.IncidentId, value);
        }
        else
        {
            _json.WriteNull(Key.IncidentId);
        }
    }

    /// <summary>Throws <see cref="JsonException"/> when the parameters are no JSON: a body that can't be read back is worse than no call.</summary>
    private void WriteCall(string parameters, string parametersHash, string policyHash)
    {
        _json.WritePropertyName(Key.Parameters);
        _json.WriteRawValue(parameters);
        _json.WriteString(Key.ParametersHash, parametersHash);
        _json.WriteString(Key.PolicyHash, policyHash);
    }

    private void Write(IReadOnlyList<GuardEvidence> evidence)
    {
        _json.WriteStartArray(Key.Evidence);
        for (var i = 0; i < evidence.Count; i++)
        {
            _json.WriteStartObject();
            _json.WriteString(Key.Guard, evidence[i].Guard);
            _json.WriteString(Key.Name, evidence[i].Name);
            _json.WriteString(Key.Value, evidence[i].Value);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    private void Write(IReadOnlyList<Signal> signals)
    {
        _json.WriteStartArray(Key.Signals);
        for (var i = 0; i < signals.Count; i++)
        {
            _json.WriteStartObject();
            _json.WriteString(Key.Description, signals[i].Description);
            _json.WriteString(Key.Guard, signals[i].Guard);
            _json.WriteStartObject(Key.Metadata);
            foreach (var (name, value) in signals[i].Metadata.OrderBy(static m => m.Key, StringComparer.Ordinal))
            {
                _json.WriteString(name, value);
            }

            _json.WriteEndObject();
            _json.WriteBoolean(Key.Promoted, signals[i].Promoted);
            _json.WriteString(Key.Severity, Of(signals[i].Severity));
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }
}
