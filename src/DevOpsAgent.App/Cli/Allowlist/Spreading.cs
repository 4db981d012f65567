using DevOpsAgent.Blocking;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

/// <summary>Lets changed entries act at once: names are resolved, incidents of allowed clients closed, their blocks ended.</summary>
internal static class Spreading
{
    /// <summary>One or more sentences about what changed by it; empty where nothing did.</summary>
    public static async Task<string> RunAsync(OperatorDesk desk, Operator who, IReadOnlyList<AllowlistEntry> entries, CancellationToken cancellationToken)
    {
        await desk.Allowlist.RefreshNamesAsync(desk.Store, all: false, cancellationToken);
        var current = desk.Store.GetAllowlist();
        var named = entries.Select(e => current.FirstOrDefault(c => c.Id == e.Id) ?? e).ToList();
        var before = desk.Store.GetLiveBlocks();
        var concerned = named.Select(e => DevOpsAgent.Incidents.Allowlist.Affected(e, before)).ToList();
        var lifted = concerned.SelectMany(static a => a.Lift).DistinctBy(static b => b.Id).ToList();
        var opened = concerned.SelectMany(static a => a.CarveOut).DistinctBy(static b => b.Id).ToList();
        var allowed = desk.Incidents.Allow(desk.Allowlist, who.By, who.Origin);
        var text = allowed.Count == 0 ? "" : $" {Words.Count(allowed.Count, "incident is", "incidents are")} allowed by it.";
        if (!desk.AgentRuns)
        {
            if (lifted.Count + opened.Count > 0)
            {
                var written = await desk.Agent.Blocker.SyncAsync();
                text += written.Outcome == TargetOutcome.Failed ? $" The target could not be written: {written.Detail}" : "";
            }
        }
        else if (!await desk.WaitForAgentAsync(() => lifted.TrueForAll(b => !BlockLedger.IsLive(desk.Store.GetBlock(b.Id)!.Status)), cancellationToken))
        {
            text += " The running agent has not opened its blocks within ten seconds: see 'devops-agent blocks list'.";
        }

        text += lifted.Count == 0 ? "" : $" {Words.Count(lifted.Count, "block", "blocks")} ended.";
        text += opened.Count == 0 ? "" : $" {Words.Count(opened.Count, "block leaves", "blocks leave")} it open.";
        foreach (var name in named.Where(static e => e.Resolved.Count == 0 && !DevOpsAgent.Incidents.Allowlist.RangesOf(e).Any()))
        {
            text += $" {name.Value} could not be resolved yet; until it is, it allows nothing.";
        }

        return text;
    }
}
