using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands;

internal static class SessionsCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("sessions", "List the commands that run now, and the service's counters");
        var service = ServiceOptions.AddTo(command);
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = service.Client(parsed, context.Load(parsed).Config.Exec, context.Terminal.Time);
            var answer = await client.AskAsync(new() { Operation = CallOperation.Sessions, RequestId = ExecRequestId.New().ToString() }, cancellation);
            if (answer.GetProperty("event").ValueEquals("denied"))
            {
                throw ExecClient.Refusal(answer);
            }

            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(answer, CliJson.Default.JsonElement));
            }
            else
            {
                Show(answer, context.Terminal);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static void Show(JsonElement answer, Terminal terminal)
    {
        var table = new TextTable(new("ID"), new("PID", Right: true), new("AGE", Right: true), new("AGENT"), new("ENTRY"), new("COMMAND", Stretch: true));
        foreach (var session in answer.GetProperty("sessions").EnumerateArray())
        {
            table.Add(
                Text(session, "request_id"),
                session.GetProperty("pid").GetInt32().ToString(CultureInfo.InvariantCulture),
                Words.Age(TimeSpan.FromMilliseconds(session.GetProperty("age_ms").GetInt64())),
                Text(session, "agent_id")[..12],
                Text(session, "matched_acl"),
                string.Join(' ', session.GetProperty("argv").EnumerateArray().Select(static t => t.GetString())));
        }

        table.WriteTo(terminal);
        if (answer.GetProperty("diagnostics") is not { ValueKind: JsonValueKind.Object } report)
        {
            return; // a caller of another machine sees its own sessions only
        }

        terminal.Out.WriteLine();
        terminal.Out.WriteLine(SafeText.Of(
            $"requests {Number(report, "requests_received")}: {Number(report, "requests_allowed")} allowed, {Number(report, "requests_denied")} denied; "
            + $"sessions {Number(report, "sessions_started")}: {Number(report, "sessions_completed")} completed, {Number(report, "sessions_cancelled")} ended early; "
            + $"audit failures {Number(report, "audit_write_failures")}"));
        foreach (var (label, name) in new[] { ("denied", "denial_breakdown"), ("caps reached", "cap_breaches"), ("caps approached", "cap_warnings") })
        {
            var counts = string.Join(", ", report.GetProperty(name).EnumerateObject().Select(static p => $"{p.Name} {p.Value.GetRawText()}"));
            if (counts.Length > 0)
            {
                terminal.Out.WriteLine(SafeText.Of($"{label}: {counts}"));
            }
        }
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
