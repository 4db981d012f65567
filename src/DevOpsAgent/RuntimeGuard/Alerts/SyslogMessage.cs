using System.Globalization;
using System.Text;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>An alert as a message of RFC 5424, UTF-8.</summary>
internal static class SyslogMessage
{
    private const int Facility = 10; // authpriv: RFC 5424, table 1
    private const int MaxValue = 300;
    private const int MaxMessage = 800;

    /// <param name="host">Of this machine; what a header can't hold becomes '-'.</param>
    public static byte[] Of(Alert alert, string host, int pid)
    {
        var v = alert.Violation;
        var text = new StringBuilder();

        // <83>1 2026-11-21T09:00:00.000Z web1 devops-agent-guard 4711 file [guard@32473 process="traefik" ...] BOM blocked file access: ...
        text.Append(CultureInfo.InvariantCulture, $"<{(Facility * 8) + SeverityOf(v.Severity)}>1 {alert.Last.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Header(host, 255)} devops-agent-guard {pid} {Header(v.Type, 32)} ");
        text.Append("[guard@32473");
        Parameter(text, "process", v.ProcessName);
        Parameter(text, "pid", v.Pid.ToString(CultureInfo.InvariantCulture));
        Parameter(text, "severity", v.Severity);
        Parameter(text, "mode", v.PolicyMode);
        Parameter(text, "action", v.Action);
        Parameter(text, "backend", v.Backend);
        Parameter(text, "rule", v.Rule ?? "");
        Parameter(text, "seq", alert.Seq.ToString(CultureInfo.InvariantCulture));
        Parameter(text, "count", alert.Count.ToString(CultureInfo.InvariantCulture));
        Parameter(text, "heldBack", alert.HeldBack.ToString(CultureInfo.InvariantCulture));
        text.Append("] \uFEFF").Append(PlainText.Of($"{v.ProcessName}: {v.Detail}", MaxMessage));
        foreach (var response in alert.Responses)
        {
            text.Append("; ").Append(PlainText.Of($"{response.Action}: {response.Text}", MaxValue));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>What this receiver will never be told.</summary>
    public static byte[] Lost(long count, DateTimeOffset at, string host, int pid) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"<{(Facility * 8) + 4}>1 {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Header(host, 255)} devops-agent-guard {pid} lost - {count} alerts were not kept until syslog could be told"));

    /// <summary>RFC 5424, table 2: 2 critical, 3 error, 4 warning, 5 notice.</summary>
    private static int SeverityOf(string severity) => severity switch
    {
        "CRITICAL" => 2,
        "HIGH" => 3,
        "MEDIUM" => 4,
        _ => 5,
    };

    private static void Parameter(StringBuilder text, string name, string value)
    {
        // RFC 5424, 6.3.3: these three must be escaped. Attack: a file named x"] could end the element and claim what it likes.
        text.Append(' ').Append(name).Append("=\"");
        foreach (var c in PlainText.Of(value, MaxValue))
        {
            text.Append(c is '"' or '\\' or ']' ? "\\" : "").Append(c);
        }

        text.Append('"');
    }

    private static string Header(string text, int max)
    {
        var clean = new string([.. text.Where(static c => c is > ' ' and < (char)127).Take(max)]);
        return clean.Length == 0 ? "-" : clean;
    }
}
