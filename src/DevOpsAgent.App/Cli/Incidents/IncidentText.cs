using System.Globalization;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Incidents;

/// <summary>One incident as text, in the order in which a person needs it: what, how sure, what would be done, what next.</summary>
internal static class IncidentText
{
    public static void Write(Terminal terminal, IncidentDetailView detail, int samples)
    {
        var (incident, evidence) = (detail.Incident, detail.Evidence);
        var output = terminal.Out;
        Line($"Incident {incident.Id}: {incident.ThreatType}, {incident.Severity}, {incident.Status} (version {incident.Version})");
        Line($"{(evidence.Process is null ? "Client " : "Process")}   {(incident.IsCampaign ? $"campaign of {incident.Clients.Count}: {string.Join(", ", incident.Clients.Take(20))}{(incident.Clients.Count > 20 ? ", ..." : "")}" : incident.IpAddress)}");
        Line($"Summary   {incident.Summary}");
        Line($"Seen      {Words.At(evidence.FirstSeen)} to {Words.At(evidence.LastSeen)}");
        if (evidence.Process is { } process)
        {
            ProcessText.Write(terminal, evidence, process);
        }
        else
        {
            WriteRequests(terminal, evidence, samples);
        }

        output.WriteLine();
        WriteRecommendation(terminal, detail);
        InvestigationText.Write(terminal, detail.Investigations);
        Line("History");
        foreach (var change in detail.History)
        {
            Line($"  {Words.At(change.At)}  {change.To} by {change.By} ({change.Origin}){(change.Note is { } note ? ": " + note : "")}");
        }

        foreach (var block in detail.Blocks)
        {
            Line($"Block {block.Id}: {block.Range} {block.Status} until {Words.At(block.ExpiresAt)}{(block.Result is { } result ? ". " + result : "")}");
        }

        output.WriteLine();
        WriteNext(terminal, incident, evidence.Process is not null);

        void Line(string text) => output.WriteLine(SafeText.Of(text));
    }

    private static void WriteRequests(Terminal terminal, Evidence evidence, int samples)
    {
        var output = terminal.Out;
        Line(string.Create(CultureInfo.InvariantCulture, $"Requests  {evidence.Requests}, {evidence.Matched} matched, {evidence.DistinctPaths} distinct paths"));
        if (evidence.Forgeable)
        {
            Line("Caution   rests on CLF lines alone, which any client can forge");
        }

        if (evidence.SuspectLines > 0)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"Caution   {evidence.SuspectLines} lines out of step with Traefik's request counter: perhaps forged"));
        }

        output.WriteLine();
        Line("Rules");
        foreach (var rule in evidence.Rules.Where(static r => r.Fired))
        {
            Line($"  {rule.RuleId}: {string.Join("; ", rule.Conditions.Select(Condition))}");
        }

        Top("Paths", evidence.Paths);
        Top("Agents", evidence.Agents);
        Top("Statuses", evidence.Statuses);
        if (samples > 0 && evidence.Samples.Count > 0)
        {
            Line($"Log lines ({Math.Min(samples, evidence.Samples.Count)} of {evidence.Samples.Count})");
            foreach (var sample in evidence.Samples.Take(samples))
            {
                Line("  " + sample);
            }
        }

        void Line(string text) => output.WriteLine(SafeText.Of(text));
        void Top(string title, IReadOnlyList<TopItem> items)
        {
            if (items.Count > 0)
            {
                Line(title);
                foreach (var item in items)
                {
                    Line(string.Create(CultureInfo.InvariantCulture, $"  {item.Count,7}  {item.Value}{(item.Status is { } status ? $"  {status}" : "")}"));
                }
            }
        }
    }

    internal static string Condition(ConditionCount c) => string.Create(CultureInfo.InvariantCulture, $"{c.What} {Math.Round(c.Value, 3)} of {Math.Round(c.AtLeast, 3)} within {Words.Duration(c.Within)}");

    private static void WriteRecommendation(Terminal terminal, IncidentDetailView detail)
    {
        if (detail.Recommendation is not { } r)
        {
            return;
        }

        terminal.Out.WriteLine(SafeText.Of($"Recommended by {r.ProposedBy}: {r.Action} {string.Join(", ", r.Ranges)} for {Words.Duration(TimeSpan.FromSeconds(r.TtlSeconds))}"));
        terminal.Out.WriteLine(SafeText.Of($"  why    {r.Why}"));
        terminal.Out.WriteLine(SafeText.Of($"  where  {r.Where}"));
        if (r.Held is { } held)
        {
            terminal.Out.WriteLine(SafeText.Of($"  held   {held}"));
        }

        if (r.Forbidden is { } forbidden)
        {
            terminal.Out.WriteLine(SafeText.Of($"  never  {forbidden}"));
        }

        foreach (var line in r.Change.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var safe = "  " + SafeText.Of(line);
            terminal.Out.WriteLine(terminal.Colour && line[0] is ('+' or '-') ? $"\u001b[{(line[0] == '+' ? 32 : 31)}m{safe}\u001b[0m" : safe);
        }

        terminal.Out.WriteLine();
    }

    private static void WriteNext(Terminal terminal, IncidentView incident, bool ofProcess)
    {
        var next = incident.Status switch
        {
            "recommended" or "failed" => $"devops-agent incidents approve {incident.Id}   or   devops-agent incidents reject {incident.Id}",
            "open" when ofProcess => $"devops-agent incidents reject {incident.Id}   when it is dealt with",
            "open" => $"devops-agent incidents reject {incident.Id}   or   devops-agent blocks add {(incident.IsCampaign ? "ADDRESS" : incident.IpAddress)}",
            "approved" or "blocked" or "rejected" => $"devops-agent incidents undo {incident.Id}",
            _ => null,
        };
        if (next is not null)
        {
            terminal.Out.WriteLine("Next: " + SafeText.Of(next));
        }
    }
}
