using System.Globalization;
using System.Text.Json;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>What a body says, read back: exactly one of the last three is set, by kind.</summary>
internal sealed record EntryBody(long Seq, string Prev, EntryKind Kind, DateTimeOffset At, Intent? Intent, Receipt? Receipt, Checkpoint? Checkpoint);

/// <summary>Reads bodies from a database that anybody may have written to: never throws.</summary>
internal static class EntryReader
{
    /// <summary>False: not a body of this program's version, however it came to be so.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out EntryBody read)
    {
        read = null!;
        try
        {
            using var document = JsonDocument.Parse(body, new() { MaxDepth = 16 });
            var root = document.RootElement;
            if (root.GetProperty("v").GetInt32() != EntryNames.Version || !EntryNames.TryParse<EntryKind>(Text(root, "kind"), EntryNames.Of, out var kind))
            {
                return false;
            }

            var at = Time(root);
            read = new(root.GetProperty("seq").GetInt64(), Text(root, "prev"), kind, at,
                kind == EntryKind.Intent ? ReadIntent(root, at) : null,
                kind == EntryKind.Receipt ? ReadReceipt(root, at) : null,
                kind == EntryKind.Checkpoint ? ReadCheckpoint(root, at) : null);
            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            return false;
        }
    }

    private static Intent ReadIntent(JsonElement root, DateTimeOffset at) => new()
    {
        At = at,
        Tool = Text(root, "tool"),
        Caller = ReadCaller(root.GetProperty("caller")),
        IncidentId = Number(root, "incident_id"),
        Parameters = root.GetProperty("parameters").GetRawText(),
        ParametersHash = Text(root, "parameters_hash"),
        PolicyHash = Text(root, "policy_hash"),
    };

    private static Receipt ReadReceipt(JsonElement root, DateTimeOffset at) => new()
    {
        Intent = root.GetProperty("intent").GetInt64(),
        At = at,
        Tool = Text(root, "tool"),
        Caller = ReadCaller(root.GetProperty("caller")),
        IncidentId = Number(root, "incident_id"),
        Parameters = root.GetProperty("parameters").GetRawText(),
        ParametersHash = Text(root, "parameters_hash"),
        PolicyHash = Text(root, "policy_hash"),
        Decision = Name<Decision>(root, "decision", EntryNames.Of),
        Reason = Text(root, "reason"),
        Text = Text(root, "text"),
        Evidence = [.. root.GetProperty("evidence").EnumerateArray().Select(static e => new GuardEvidence(Text(e, "guard"), Text(e, "name"), Text(e, "value")))],
        Signals = [.. root.GetProperty("signals").EnumerateArray().Select(ReadSignal)],
    };

    private static Checkpoint ReadCheckpoint(JsonElement root, DateTimeOffset at) => new(
        at, root.GetProperty("first").GetInt64(), root.GetProperty("last").GetInt64(), root.GetProperty("count").GetInt64(),
        Text(root, "root"), root.GetProperty("previous_checkpoint").GetString());

    private static Caller ReadCaller(JsonElement caller) =>
        new(Text(caller, "agent"), Text(caller, "by"), Text(caller, "origin"), Name<CallerKind>(caller, "kind", EntryNames.Of));

    private static Signal ReadSignal(JsonElement signal) => new(
        Text(signal, "guard"), Text(signal, "description"), Name<SignalSeverity>(signal, "severity", EntryNames.Of),
        signal.GetProperty("metadata").EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value.GetString() ?? throw new FormatException(), StringComparer.Ordinal))
    {
        Promoted = signal.GetProperty("promoted").GetBoolean(),
    };

    private static string Text(JsonElement parent, string name) => parent.GetProperty(name).GetString() ?? throw new FormatException(name);

    private static long? Number(JsonElement parent, string name) => parent.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.GetInt64() : null;

    private static T Name<T>(JsonElement parent, string name, Func<T, string> of) where T : struct, Enum =>
        EntryNames.TryParse(Text(parent, name), of, out var value) ? value : throw new FormatException(name);

    private static DateTimeOffset Time(JsonElement root) => DateTimeOffset.ParseExact(
        Text(root, "at"), "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
