using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.GuardControl;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.App.Cli.GuardCommands;

internal static class StatusCommand
{
    public static Command Build(CommandContext context)
    {
        var socket = new Option<string?>("--socket") { Description = "The guard's Unix socket (default: runtime_guard.socket)", HelpName = "file" };
        var command = new Command("status", "Show what the running guard watches, what it can't enforce, and its numbers") { socket };
        context.Options.Bind(socket, "runtime_guard.socket");
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new GuardClient(context.Load(parsed).Config.RuntimeGuard.Socket);
            var health = await client.HealthAsync(cancellation);
            var stats = await client.StatsAsync(cancellation);
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(new GuardStatusView(health, stats), CliJson.Default.GuardStatusView));
            }
            else
            {
                Show(context.Terminal, health, stats);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static void Show(Terminal terminal, GuardHealthView health, GuardStats stats)
    {
        var culture = CultureInfo.InvariantCulture;
        terminal.Out.WriteLine(SafeText.Of($"{health.Status}: backend {health.Backend}, mode {health.Mode}, policy {health.Policy}"));
        terminal.Out.WriteLine(string.Create(culture, $"{stats.TotalEvents} events, {stats.Violations} violations ({stats.Blocked} blocked, {stats.Killed} killed) since {stats.StartedAt:yyyy-MM-dd HH:mm:ss}Z; {health.LostKernel + health.LostQueue} events lost"));
        var table = new TextTable(new("PROCESS", Stretch: false), new("MODE"), new("RUNNING", Right: true), new("VIOLATIONS", Right: true));
        foreach (var (name, guarded) in health.Guarded)
        {
            table.Add(name, guarded.Mode, guarded.Running.ToString(culture), stats.ByProcess.GetValueOrDefault(name).ToString(culture));
        }

        table.WriteTo(terminal);
        if (health.Alerts is { } alerts)
        {
            Show(terminal, alerts);
        }

        foreach (var refused in health.Refused)
        {
            terminal.Out.WriteLine(SafeText.Of($"backend {refused.Backend} can't be used: {refused.Reason}"));
        }

        if (health.Unmet.Count > 0)
        {
            terminal.Out.WriteLine(string.Create(culture, $"{health.Unmet.Count} rules that this backend can't enforce:"));
            foreach (var group in health.Unmet.GroupBy(static u => (u.Process, u.Key, u.Instead)))
            {
                terminal.Out.WriteLine(SafeText.Of(string.Create(culture, $"  {group.Key.Process}, line {group.First().Line}: {group.Key.Key}: {string.Join(", ", group.Select(static u => u.Rule))} ({(group.Key.Instead == "none" ? "not seen" : group.Key.Instead == "observe" ? "only observed" : "killed, maybe too late")})")));
            }
        }
    }

    private static void Show(Terminal terminal, AlertsStatus alerts)
    {
        var culture = CultureInfo.InvariantCulture;
        terminal.Out.WriteLine(string.Create(culture, $"alerts: {alerts.Routed} violations told as {alerts.Written} alerts, {alerts.HeldBack} held back, {alerts.Lost} lost; {alerts.Audited} only recorded; {alerts.Done} processes stopped, {alerts.Refused} refused"));
        if (alerts.Problem is { } problem)
        {
            terminal.Out.WriteLine(SafeText.Of($"  kept in memory only: {problem}"));
        }

        foreach (var receiver in alerts.Receivers.Where(static r => r.Sent > 0 || r.Problem is not null || r.Lost > 0))
        {
            terminal.Out.WriteLine(SafeText.Of(string.Create(culture, $"  {receiver.Name}: {receiver.Sent} sent, {receiver.Waiting} waiting, {receiver.Refused} refused, {receiver.Lost} lost{(receiver.Problem is { } down ? $"; down: {down}" : "")}")));
        }

        foreach (var breaker in alerts.Breakers)
        {
            terminal.Out.WriteLine(SafeText.Of(string.Create(culture, $"  circuit breaker of {breaker.Process}: {breaker.State}, {breaker.Violations} violations, opened {breaker.Opened} times")));
        }
    }
}

internal sealed record GuardStatusView(GuardHealthView Health, GuardStats Stats);
