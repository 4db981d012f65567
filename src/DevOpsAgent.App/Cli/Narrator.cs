using System.Globalization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>Tells on standard error what the service does: one line each, with the time, in words. Low incidents are left to the page.</summary>
internal sealed class Narrator(Terminal terminal)
{
    private readonly Lock _gate = new();

    /// <summary>What was last said of an incident: growing numbers alone are not news.</summary>
    private readonly Dictionary<long, (Severity, IncidentStatus, RuleAction?)> _said = [];

    public void Started(AgentConfig config, AgentService service, Uri? page)
    {
        var watched = config.WatchesElasticsearch() ? (string[])[$"{config.Elasticsearch.IndexPattern} in Elasticsearch"] : [];
        var logs = config.Logs.Count + watched.Length == 0 ? "no log" : string.Join(", ", config.Logs.Select(static l => l.Path == "-" ? "standard input" : l.Path).Concat(watched));
        if (page is not null)
        {
            Line("page", page.ToString(), null);
        }

        Line("started", string.Create(CultureInfo.InvariantCulture, $"mode {Words.Name(service.Health.Mode)}, following {logs}, {service.Parts.Target.Description}, database {config.Database.Path}"), null);
    }

    public void Tell(AgentEvent e)
    {
        if (e.Incident is { } incident)
        {
            var news = (incident.Severity, incident.Status, incident.Recommendation?.Action);
            if (incident.Severity > Severity.Low && IsNew(incident.Id, news))
            {
                var severity = Words.Name(incident.Severity);
                Line(severity, $"{LogFiles.ClientOf(incident)} {incident.Threat}: {incident.Summary} {StateOf(incident)}", Words.PaintSeverity(severity));
            }

            return;
        }

        Line(e.Kind == AgentEventKind.Warning ? "warning" : "block", e.Text, e.Kind == AgentEventKind.Warning ? "33" : "32");
    }

    private bool IsNew(long id, (Severity, IncidentStatus, RuleAction?) news)
    {
        lock (_gate)
        {
            var known = _said.TryGetValue(id, out var said) && said == news;
            _said[id] = news;
            return !known;
        }
    }

    public void Say(string label, string text) => Line(label, text, label == "warning" ? "33" : null);

    public void Fault(Exception e) => Line("fault", $"{e.GetType().Name}: {e.Message}", "31");

    private static string StateOf(Incident incident) => incident.Status switch
    {
        IncidentStatus.Recommended when incident.Recommendation is { Held: { } held, Action: RuleAction.Block } => $"→ waits: {held} (devops-agent incidents approve {incident.Id})",
        IncidentStatus.Recommended => $"→ waits for approval (devops-agent incidents approve {incident.Id})",
        _ => $"→ {Words.Name(incident.Status)}",
    };

    private void Line(string label, string text, string? paint)
    {
        var time = terminal.Time.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var head = terminal.Colour && paint is not null ? $"\u001b[{paint}m{label,-8}\u001b[0m" : $"{label,-8}";
        lock (_gate)
        {
            terminal.Error.WriteLine($"{time} {head} {SafeText.Of(text)}");
        }
    }
}
