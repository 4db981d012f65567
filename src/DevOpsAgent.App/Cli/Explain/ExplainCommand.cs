using System.CommandLine;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Cli.Explain;

/// <summary>Says what each rule counted for a client, why it fired or how far it was from it. Reads the logs anew, with the service's own parts.</summary>
internal static class ExplainCommand
{
    public static Command Build(CommandContext context)
    {
        var what = new Argument<string>("ip|line") { Description = "A client's address, or one raw log line", HelpName = "ip|line" };
        var command = new Command("explain", "Say what each rule counted for a client, and why it fired or how far it was from it (exit code 1: one fired)") { what, context.Options.Log };
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var config = context.Load(parsed).Config;
            var view = Explain(config, parsed.GetRequiredValue(what), context.Terminal, cancellation);
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(view, CliJson.Default.ExplainView));
            }
            else
            {
                ExplainText.Write(context.Terminal, view);
            }

            return Task.FromResult(view.Rules.Any(static r => r.Fired) ? ExitCode.FoundOrRefused : ExitCode.Fine);
        });
        return command;
    }

    private static ExplainView Explain(AgentConfig config, string what, Terminal terminal, CancellationToken cancellationToken)
    {
        LineView? line = null;
        if (!ClientAddress.TryParse(what.Trim(), out var client))
        {
            line = Read(what, config, out client);
        }

        var files = Files(config, line is not null);
        var scan = LogFiles.Scan(config, files, terminal, cancellationToken, detector => detector.Watch(client));
        if (files.Count > 0 && LogFiles.Outcome(scan, files.Count) is { } exitCode)
        {
            throw new CommandException(exitCode, string.Join('\n', scan.Problems), "Name a readable access log with --log.");
        }

        var explanation = scan.Detector.Explain(client);
        return new(
            line, client.ToString(), explanation?.Requests ?? 0, explanation?.FirstSeen, explanation?.LastSeen, AllowedBy(config, client, terminal),
            [.. (explanation?.Rules ?? []).Where(static r => r.Concerned).OrderByDescending(static r => r.Fired is not null).ThenByDescending(static r => r.Progress).Select(ExplainedRuleView.Of)],
            scan.Problems);
    }

    private static LineView Read(string text, AgentConfig config, out ClientAddress client)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var proxies = config.Logs.SelectMany(static l => l.TrustedProxies);
        if (!new LineParser(new ClientResolver(proxies)).TryParse(bytes, out var e, out var reason))
        {
            throw CommandException.Usage($"That is neither an IP address nor a log line ({Words.Name(reason)}).", "Quote the line: devops-agent explain '{\"ClientHost\":...}' --log access.log");
        }

        client = e.Client;
        var rules = RuleLibrary.Load(config.Detection);
        var facts = new Classifier(rules.Lists).Classify(e, new ClassifierScratch());
        return new(
            Words.Name(e.Format), e.Client.ToString(), new(e.Time, TimeSpan.Zero), Text(e.Method), Text(e.Host), Text(e.Path), e.Status, Text(e.Agent), Text(e.Router),
            (e.Flags & LogEventFlags.Forgeable) != LogEventFlags.None, [.. rules.Lists.NamesOf(facts.Tags).Order(StringComparer.Ordinal)]);

        static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
    }

    private static List<string> Files(AgentConfig config, bool mayBeNone)
    {
        var files = new List<string>();
        foreach (var log in config.Logs)
        {
            if (log.Path == "-")
            {
                throw CommandException.Usage("'explain' reads files, not standard input.", "Save the lines to a file and name it with --log.");
            }

            files.AddRange(log.Path.Contains('*', StringComparison.Ordinal)
                ? Directory.GetFiles(Path.GetDirectoryName(Path.GetFullPath(log.Path))!, Path.GetFileName(log.Path)).Order(StringComparer.Ordinal)
                : [log.Path]);
        }

        return files.Count > 0 || mayBeNone ? files : throw CommandException.Usage("There is no log to look into.", "Name one with --log FILE, or in the configuration under 'logs'.");
    }

    private static string? AllowedBy(AgentConfig config, ClientAddress client, Terminal terminal)
    {
        if (!File.Exists(config.Database.Path))
        {
            return null;
        }

        using var store = new SqliteStore(config.Database.Path);
        var list = new Allowlist(terminal.Time, static (_, _) => Task.FromResult<IReadOnlyList<ClientAddress>>([]));
        list.Load(store.GetAllowlist());
        return list.IsAllowed(client, terminal.Time.GetUtcNow(), out var entry) ? entry!.Value : null;
    }
}
