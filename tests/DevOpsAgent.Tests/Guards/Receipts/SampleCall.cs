using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Tests.Guards.Receipts;

/// <summary>Intents and receipts for tests.</summary>
internal static class SampleCall
{
    public static DateTimeOffset Start { get; } = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private static readonly string Hash = new('a', 64);

    public static Intent Intent(string tool = "block_client", long? incident = 7, string agent = "service", DateTimeOffset? at = null) => new()
    {
        At = at ?? Start,
        Tool = tool,
        Caller = new(agent, "auto", "service", CallerKind.Service),
        IncidentId = incident,
        Parameters = """{"range":"203.0.113.7/32","ttl":"4h"}""",
        ParametersHash = Hash,
        PolicyHash = new('b', 64),
    };

    public static Receipt Receipt(long intent, Intent of, Decision decision = Decision.Allow, string reason = "", string text = "Denied for 4 h.") => new()
    {
        Intent = intent,
        At = of.At.AddMilliseconds(12),
        Tool = of.Tool,
        Caller = of.Caller,
        IncidentId = of.IncidentId,
        Parameters = of.Parameters,
        ParametersHash = of.ParametersHash,
        PolicyHash = of.PolicyHash,
        Decision = decision,
        Reason = reason,
        Text = text,
        Evidence = [new("caps", "blocks_in_interval", "12 of 50"), new("mode", "mode", "auto")],
        Signals = [new("behaviour", "call_rate z 3.1", SignalSeverity.Medium, new Dictionary<string, string>(StringComparer.Ordinal) { ["z"] = "3.1", ["mean"] = "2" })],
    };

    /// <summary>One call from intent to receipt.</summary>
    public static ChainEntry Call(this ReceiptJournal journal, Intent? intent = null, Decision decision = Decision.Allow)
    {
        intent ??= Intent();
        return journal.End([Receipt(journal.Begin([intent])[0], intent, decision)])[0];
    }
}
