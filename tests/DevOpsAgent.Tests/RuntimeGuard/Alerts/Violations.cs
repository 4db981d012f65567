using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

/// <summary>Violations and alerts for tests.</summary>
internal static class Violations
{
    public static readonly DateTimeOffset At = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    public static Violation Of(string detail = "blocked file access: /etc/shadow (pattern: /etc/shadow)", string process = "app", string severity = "HIGH", string mode = "enforce", int pid = 4711, string type = "file", string action = "alerted") =>
        new(At, process, pid, type, detail, severity, action, mode, "blocked", "proc", "open descriptor, seen after the fact", "/etc/shadow") { Line = 5 };

    public static Alert Alert(string detail = "blocked file access: /etc/shadow (pattern: /etc/shadow)", long count = 1, params string[] actions) => new()
    {
        First = At,
        Last = At,
        Count = count,
        Actions = actions,
        Violation = Of(detail),
    };
}

/// <summary>A receiver that takes what a test lets it take.</summary>
internal sealed class FakeChannel(string action = "send_to_soc_dashboard") : IAlertChannel
{
    public string Name => "fake";
    public string Action => action;
    public int MaxBatch { get; init; } = 100;
    public TimeSpan Every => TimeSpan.FromSeconds(1);
    public List<AlertBatch> Taken { get; } = [];
    public Queue<AlertDeliveryException> Faults { get; } = [];
    public int Asked { get; private set; }

    public Task SendAsync(AlertBatch batch, CancellationToken cancellationToken)
    {
        Asked++;
        if (Faults.TryDequeue(out var fault))
        {
            throw fault;
        }

        Taken.Add(batch);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
