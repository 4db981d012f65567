using System.Globalization;
using System.IO.Compression;
using DevOpsAgent.App.Web;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>One run of the demo: the real service on real files, fed with a real recording at a higher pace.</summary>
internal sealed class Demo(string folder, Terminal terminal) : IAsyncDisposable
{
    private readonly string _log = Path.Combine(folder, "access.log");
    private readonly string _config = Path.Combine(folder, "config.yaml");
    private readonly string _watched = Path.Combine(folder, "traefik", "dynamic");
    private AgentService? _service;
    private WebHost? _web;

    private string DenyFile => Path.Combine(_watched, "devops-agent.yaml");

    /// <param name="pace">The recording plays for so long.</param>
    public async Task<int> RunAsync(string listen, TimeSpan pace, bool wait, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_watched);
        await File.WriteAllTextAsync(_log, "", cancellationToken);
        await File.WriteAllTextAsync(_config, $"""
            mode: review
            logs:
              - path: {_log}
            database:
              path: {Path.Combine(folder, "agent.db")}
            blocking:
              directory: {_watched}
            web:
              serve: true
              listen: {listen}

            """, cancellationToken);
        var config = ConfigReader.Load(new() { File = _config }).Config;
        var narrator = new Narrator(terminal);
        _service = await AgentService.StartAsync(config, CommandLine.Version, Stream.Null, terminal.Time, narrator.Tell);
        _web = await StartWebAsync(config, narrator, cancellationToken);

        Say($"A recording of a real Traefik (21 minutes, 20,606 requests, 75 clients) plays into {_log};");
        Say($"Traefik would watch {_watched}. The page: {_web.Address}");
        Say("");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = _service.RunAsync(stop.Token);
        var lines = await PlayAsync(pace, cancellationToken);
        await SettleAsync(lines, cancellationToken);
        Report();
        if (wait)
        {
            await WatchAsync(cancellationToken);
        }
        else
        {
            await ApproveAsync(cancellationToken);
        }

        await stop.CancelAsync();
        await running;
        return ExitCode.Fine;
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            await _web.DisposeAsync();
        }

        if (_service is not null)
        {
            await _service.DisposeAsync();
        }
    }

    private async Task<WebHost> StartWebAsync(AgentConfig config, Narrator narrator, CancellationToken cancellationToken)
    {
        try
        {
            return await ServiceCommand.StartWebAsync(config, _service!, narrator, cancellationToken);
        }
        catch (ConfigException) when (config.Web.Listen == "127.0.0.1:8686")
        {
            // The usual port is taken, perhaps by a real agent: any other does for a demo.
            return await ServiceCommand.StartWebAsync(config with { Web = config.Web with { Listen = "127.0.0.1:0" } }, _service!, narrator, cancellationToken);
        }
    }

    /// <summary>Appends the recording to the log in pieces, as Traefik does. Returns how many lines there were.</summary>
    private async Task<long> PlayAsync(TimeSpan pace, CancellationToken cancellationToken)
    {
        const int Pieces = 120;
        await using var resource = typeof(Demo).Assembly.GetManifestResourceStream("samples/recording-a.jsonl.gz")!;
        await using var text = new GZipStream(resource, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        await text.CopyToAsync(bytes, cancellationToken);
        var all = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        await using var log = new FileStream(_log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        var step = (all.Length / Pieces) + 1;
        for (var at = 0; at < all.Length; at += step)
        {
            await log.WriteAsync(all.Slice(at, Math.Min(step, all.Length - at)), cancellationToken);
            await log.FlushAsync(cancellationToken);
            await Task.Delay(pace / Pieces, terminal.Time, cancellationToken);
        }

        return all.Span.Count((byte)'\n');
    }

    /// <summary>Waits until every line was read and stored.</summary>
    private async Task SettleAsync(long lines, CancellationToken cancellationToken)
    {
        while (_service!.Health.Current.Lines < lines)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), terminal.Time, cancellationToken);
        }

        await Task.Delay(LogPipeline.CommitInterval * 1.5, terminal.Time, cancellationToken);
    }

    private void Report()
    {
        var incidents = _service!.Parts.Store.ListIncidents(new() { Limit = 500, BySeverity = true }).Items;
        var waiting = incidents.Where(static i => i.Recommendation?.Action == RuleAction.Block && i.Status == IncidentStatus.Recommended).ToList();
        var campaigns = incidents.Where(static i => i.IsCampaign).ToList();
        var low = incidents.Count(static i => i.Severity == Severity.Low);
        Say("");
        Say($"Found {Words.Count(waiting.DistinctBy(static i => i.Subject, StringComparer.Ordinal).Count(), "client", "clients")} to block, {Words.Count(campaigns.Count, "scan", "scans")} spread over many addresses, and {Words.Count(low, "low incident", "low incidents")} that block nobody.");
        Say("Nothing is blocked yet: mode review waits for a person.");
        Say("");
        var table = new TextTable(new("ID", Right: true), new("SEVERITY", Paint: Words.PaintSeverity), new("CLIENT"), new("WHAT", Stretch: true));
        foreach (var incident in campaigns.Concat(waiting).DistinctBy(static i => i.Subject, StringComparer.Ordinal).OrderByDescending(static i => i.Severity).ThenBy(static i => i.Id).Take(8))
        {
            table.Add(incident.Id.ToString(CultureInfo.InvariantCulture), Words.Name(incident.Severity), LogFiles.ClientOf(incident), incident.Summary);
        }

        table.WriteTo(terminal);
        Say("");
        Say("Approve in the page, or in another terminal:");
        Say($"  devops-agent --config {_config} incidents list");
        if (waiting is [var first, ..])
        {
            Say($"  devops-agent --config {_config} incidents approve {first.Id}");
        }

        Say("");
    }

    /// <summary>What a person would do: approves the worst waiting block and shows what Traefik gets.</summary>
    private async Task ApproveAsync(CancellationToken cancellationToken)
    {
        var store = _service!.Parts.Store;
        var worst = store.ListIncidents(new() { Statuses = [IncidentStatus.Recommended], Limit = 500, BySeverity = true }).Items
            .FirstOrDefault(static i => i.Recommendation?.Action == RuleAction.Block);
        if (worst is null)
        {
            throw CommandException.Refused("The demo found nothing to block: this is a defect. Please report it.");
        }

        var outcome = (await _service.Parts.Effects.DecideAsync([new(worst.Id, DecisionKind.Approve, "demo", "demo")], Guards.Caller.Person("demo", "demo"), cancellationToken))[0];
        _service.Wake();
        Say(outcome.Message);
        while (store.GetIncident(worst.Id)!.Status == IncidentStatus.Approved)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), terminal.Time, cancellationToken);
        }

        ShowFile();
    }

    /// <summary>Until Ctrl-C: shows Traefik's file whenever it changes.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        Say("Ctrl-C ends the demo and removes everything. Waiting for your decision …");
        var last = "";
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = File.Exists(DenyFile) ? await File.ReadAllTextAsync(DenyFile, CancellationToken.None) : "";
            if (now != last)
            {
                last = now;
                ShowFile();
            }

            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(200), terminal.Time, cancellationToken));
        }
    }

    private void ShowFile()
    {
        Say("");
        if (!File.Exists(DenyFile))
        {
            Say($"{DenyFile} is gone: nobody is denied.");
            return;
        }

        Say($"{DenyFile}, as Traefik reads it:");
        foreach (var line in File.ReadLines(DenyFile))
        {
            Say("  " + SafeText.Cut(SafeText.Of(line), Math.Max(40, terminal.Width - 2)));
        }
    }

    private void Say(string text) => terminal.Out.WriteLine(text);
}
