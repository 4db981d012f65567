using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>
/// Closes intents whose receipt was never stored, because the process was killed or the store failed: the world is asked
/// whether the effect stands, and the receipt says so.
/// </summary>
internal sealed class OpenIntents(ReceiptJournal journal, IReadOnlyList<Tool> tools, TimeProvider time)
{
    /// <summary>A command beside the agent may still be at work for so long (it waits ten seconds for the agent).</summary>
    private static readonly TimeSpan OthersTime = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Tool> _tools = tools.ToDictionary(static t => t.Name, StringComparer.Ordinal);

    /// <summary>At start, after the target was made equal to the store: nothing of this process is under way yet.</summary>
    /// <exception cref="StoreException">They stay open until the next time.</exception>
    public int CloseAll() => Close(static _ => true);

    /// <summary>While running: what a command left that was killed.</summary>
    /// <exception cref="StoreException">They stay open until the next time.</exception>
    public int CloseOthers() => Close(IsOthers);

    private int Close(Func<Intent, bool> concerned)
    {
        var now = time.GetUtcNow();
        var receipts = journal.OpenIntents()
            .Where(o => concerned(o.Intent) && (!IsOthers(o.Intent) || now - o.Intent.At > OthersTime))
            .Select(o => Receipt(o.Seq, o.Intent, now)).ToList();
        journal.End(receipts);
        return receipts.Count;
    }

    private Receipt Receipt(long seq, Intent intent, DateTimeOffset now)
    {
        var stands = Stands(intent);
        return new()
        {
            Intent = seq,
            At = now,
            Tool = intent.Tool,
            Caller = intent.Caller,
            IncidentId = intent.IncidentId,
            Parameters = intent.Parameters,
            ParametersHash = intent.ParametersHash,
            PolicyHash = intent.PolicyHash,
            Decision = stands == true ? Decision.Allow : Decision.Incomplete,
            Reason = "gateway.reconciled",
            Text = stands switch
            {
                true => "found standing after a restart",
                false => "nothing of it stands after a restart",
                null => "ended before its receipt was stored; what came of it can't be told",
            },
        };
    }

    private bool? Stands(Intent intent)
    {
        try
        {
            return _tools.GetValueOrDefault(intent.Tool)?.Stands(intent);
        }
        catch (Exception e) when (e is not StoreException)
        {
            // Refused by its form: parameters that no tool can read had no effect that could stand.
            return null;
        }
    }

    private static bool IsOthers(Intent intent) => intent.Caller.Origin.StartsWith("cli", StringComparison.Ordinal);
}
