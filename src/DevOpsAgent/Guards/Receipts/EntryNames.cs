using System.Text.Json;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>The names in an entry's body. Stored for good: only to be added to.</summary>
internal static class EntryNames
{
    public const int Version = 1;

    public static string Of(EntryKind kind) => kind switch { EntryKind.Intent => "intent", EntryKind.Receipt => "receipt", _ => "checkpoint" };

    public static string Of(Decision decision) => decision switch
    {
        Decision.Allow => "allow",
        Decision.Deny => "deny",
        Decision.Cancelled => "cancelled",
        _ => "incomplete",
    };

    public static string Of(CallerKind kind) => kind switch { CallerKind.Service => "service", CallerKind.Person => "person", _ => "model" };

    public static string Of(SignalSeverity severity) => severity switch
    {
        SignalSeverity.Info => "info",
        SignalSeverity.Low => "low",
        SignalSeverity.Medium => "medium",
        SignalSeverity.High => "high",
        _ => "critical",
    };

    public static bool TryParse<T>(string? name, Func<T, string> of, out T value) where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (of(candidate) == name)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Property names, encoded once.</summary>
    internal static class Key
    {
        public static readonly JsonEncodedText
            Agent = JsonEncodedText.Encode("agent"), At = JsonEncodedText.Encode("at"), By = JsonEncodedText.Encode("by"), Caller = JsonEncodedText.Encode("caller"),
            Count = JsonEncodedText.Encode("count"), Decision = JsonEncodedText.Encode("decision"), Description = JsonEncodedText.Encode("description"),
            Evidence = JsonEncodedText.Encode("evidence"), First = JsonEncodedText.Encode("first"), Guard = JsonEncodedText.Encode("guard"),
            IncidentId = JsonEncodedText.Encode("incident_id"), Intent = JsonEncodedText.Encode("intent"), Kind = JsonEncodedText.Encode("kind"),
            Last = JsonEncodedText.Encode("last"), Metadata = JsonEncodedText.Encode("metadata"), Name = JsonEncodedText.Encode("name"),
            Origin = JsonEncodedText.Encode("origin"), Parameters = JsonEncodedText.Encode("parameters"), ParametersHash = JsonEncodedText.Encode("parameters_hash"),
            PolicyHash = JsonEncodedText.Encode("policy_hash"), Prev = JsonEncodedText.Encode("prev"), Previous = JsonEncodedText.Encode("previous_checkpoint"),
            Promoted = JsonEncodedText.Encode("promoted"), Reason = JsonEncodedText.Encode("reason"), Root = JsonEncodedText.Encode("root"),
            Seq = JsonEncodedText.Encode("seq"), Severity = JsonEncodedText.Encode("severity"), Signals = JsonEncodedText.Encode("signals"),
            Text = JsonEncodedText.Encode("text"), Tool = JsonEncodedText.Encode("tool"), V = JsonEncodedText.Encode("v"), Value = JsonEncodedText.Encode("value");
    }
}
