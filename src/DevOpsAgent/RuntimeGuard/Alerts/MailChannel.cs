using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Text;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>notify_architect by mail: one mail for all that came since the last one, the worst first.</summary>
internal sealed class MailChannel : IAlertChannel
{
    /// <summary>Told one by one in a mail; the rest by their number.</summary>
    private const int Shown = 20;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);
    private static readonly string[] s_severities = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

    private readonly MailConfig _config;
    private readonly string _host;
    private readonly TimeProvider _time;
    private readonly (string Host, int Port) _server;

    /// <param name="config">With server, from and to.</param>
    public MailChannel(MailConfig config, string host, TimeProvider time)
    {
        (_config, _host, _time) = (config, host, time);
        var server = new Uri("smtp://" + config.Server);
        _server = (server.IdnHost, server.Port);
    }

    public string Name => "mail";

    public string Action => "notify_architect";

    public int MaxBatch => 1_000;

    public TimeSpan Every => _config.Every;

    public async Task SendAsync(AlertBatch batch, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeLimit, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var message = new MailMessage { From = new(_config.From!), Subject = Subject(batch), SubjectEncoding = Encoding.UTF8, Body = Body(batch), BodyEncoding = Encoding.UTF8 };
        foreach (var to in _config.To)
        {
            message.To.Add(to);
        }

        using var client = new SmtpClient(_server.Host, _server.Port)
        {
            EnableSsl = _config.Tls,
            Credentials = _config.User is { } user ? new NetworkCredential(user, _config.Password?.Reveal ?? "") : null,
        };
        try
        {
            await client.SendMailAsync(message, stop.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AlertDeliveryException(string.Create(CultureInfo.InvariantCulture, $"{_config.Server} did not take the mail within {TimeLimit.TotalSeconds} s"), e);
        }
        catch (Exception e) when (e is SmtpException or InvalidOperationException or FormatException)
        {
            throw new AlertDeliveryException($"{_config.Server}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    public void Dispose()
    {
        // A connection is made for each mail.
    }

    public string Subject(AlertBatch batch)
    {
        var violations = batch.Alerts.Sum(static a => a.Count + a.HeldBack);
        var worst = batch.Alerts.Count == 0 ? "" : batch.Alerts.MaxBy(static a => Rank(a))!.Violation.Severity + ": ";
        var processes = batch.Alerts.Select(static a => a.Violation.ProcessName).Distinct(StringComparer.Ordinal).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"[guard {_host}] {worst}{violations} {(violations == 1 ? "violation" : "violations")} by {PlainText.Of(string.Join(", ", processes.Take(3)), 100)}{(processes.Count > 3 ? ", ..." : "")}");
    }

    public string Body(AlertBatch batch)
    {
        var text = new StringBuilder();
        foreach (var alert in batch.Alerts.OrderByDescending(Rank).ThenBy(static a => a.Seq).Take(Shown))
        {
            var v = alert.Violation;
            text.Append(CultureInfo.InvariantCulture, $"{v.Severity,-8}  {alert.Last.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z  {PlainText.Of(v.ProcessName)} (pid {v.Pid}){(alert.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $", {alert.Count} times") : "")}\n");
            text.Append(CultureInfo.InvariantCulture, $"    {PlainText.Of(v.Detail)}\n    mode {v.PolicyMode}, {v.Action}; backend {v.Backend}{(v.Method.Length > 0 ? ", " + PlainText.Of(v.Method) : "")}\n");
            if (alert.Tree.Count > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {string.Join(" > ", alert.Tree.Where(static n => n.Role != ProcessRole.Child).Select(static n => string.Create(CultureInfo.InvariantCulture, $"{PlainText.Of(n.Exe.Length == 0 ? "?" : n.Exe)} ({n.Pid})")))}\n");
            }

            foreach (var response in alert.Responses)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {response.Action}: {PlainText.Of(response.Text)}\n");
            }

            text.Append('\n');
        }

        Rest(text, batch.Alerts.Count - Shown, "more, not shown here: see 'devops-agent incidents list', or the dashboard.");
        Rest(text, batch.Alerts.Sum(static a => a.HeldBack), "further violations were held back: too many at once.");
        Rest(text, batch.Lost, "alerts before these were lost: they were not kept until they could be sent.");
        return text.ToString();
    }

    private static void Rest(StringBuilder text, long count, string what)
    {
        if (count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{count} {what}\n");
        }
    }

    private static int Rank(Alert alert) => Array.IndexOf(s_severities, alert.Violation.Severity);
}
