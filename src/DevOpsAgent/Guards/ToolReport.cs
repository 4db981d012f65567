using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Guards;

/// <summary>What one guard lately did about one tool.</summary>
internal sealed record GuardReport(string Name, bool Advisory)
{
    public int Allowed { get; set; }
    public int Denied { get; set; }

    /// <summary>Left to a person.</summary>
    public int Waiting { get; set; }

    /// <summary>Signals of an advisory guard.</summary>
    public int Signals { get; set; }

    /// <summary>The newest denial.</summary>
    public Receipt? LastDenial { get; set; }
}

/// <summary>A tool, its guards in their order, and what came of the last calls, read from the receipts: so it holds for calls of every process.</summary>
/// <param name="Calls">So many calls were looked at.</param>
internal sealed record ToolReport(Tool Tool, IReadOnlyList<GuardReport> Guards, int Calls, int Done, int Open)
{
    /// <summary>The newest calls of each tool that are looked at.</summary>
    public const int Lately = 200;

    public static IReadOnlyList<ToolReport> Of(Gateway gateway, IReceiptStore receipts) => [.. gateway.Tools.Select(tool => Of(tool, gateway.GuardsOf(tool), receipts))];

    private static ToolReport Of(Tool tool, IReadOnlyList<IGuard> guards, IReceiptStore receipts)
    {
        var reports = guards.Select(static g => new GuardReport(g.Name, g.Advisory)).ToList();
        var (calls, done, open) = (0, 0, 0);
        foreach (var entry in receipts.List(new() { Tool = tool.Name, Limit = Lately }, out _))
        {
            if (!EntryReader.TryRead(entry.Body, out var body))
            {
                continue;
            }

            calls++;
            if (body.Receipt is not { } receipt)
            {
                open++;
                continue;
            }

            done += receipt.Decision == Decision.Allow ? 1 : 0;
            Count(reports, receipt);
        }

        return new(tool, reports, calls, done, open);
    }

    private static void Count(List<GuardReport> reports, Receipt receipt)
    {
        foreach (var signal in receipt.Signals)
        {
            if (reports.Find(r => r.Name == signal.Guard) is { } noticed)
            {
                noticed.Signals++;
            }
        }

        var dot = receipt.Reason.IndexOf('.', StringComparison.Ordinal);
        var decider = dot < 0 ? -1 : reports.FindIndex(r => r.Name == receipt.Reason[..dot]);
        if (decider < 0 && dot >= 0)
        {
            // The gateway's own word: cancelled, reconciled. The guards did not decide it.
            return;
        }

        for (var i = 0; i < reports.Count; i++)
        {
            // Nobody is asked after a denial.
            if (i == decider && receipt.Decision == Decision.Deny)
            {
                reports[i].Denied++;
                reports[i].LastDenial ??= receipt;
                return;
            }

            if (i == decider)
            {
                reports[i].Waiting++;
            }
            else
            {
                reports[i].Allowed++;
            }
        }
    }
}
