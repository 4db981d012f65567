namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>A way to tell somebody outside.</summary>
internal interface IAlertChannel : IDisposable
{
    /// <summary>"syslog", "dashboard", ...: in status, and the name of its cursor.</summary>
    string Name { get; }

    /// <summary>The action of the policy that it is for.</summary>
    string Action { get; }

    /// <summary>Alerts in one delivery at most.</summary>
    int MaxBatch { get; }

    /// <summary>At most one delivery in this time.</summary>
    TimeSpan Every { get; }

    /// <exception cref="AlertDeliveryException">They were not taken.</exception>
    Task SendAsync(AlertBatch batch, CancellationToken cancellationToken);
}

/// <param name="Lost">Alerts before these that are not kept any more and that this receiver never got.</param>
internal sealed record AlertBatch(string Journal, IReadOnlyList<Alert> Alerts, long Lost);

/// <summary>Message: why, in words that end a sentence.</summary>
internal sealed class AlertDeliveryException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True: it will never be taken as it is, so that trying again would hold up all that follows.</summary>
    public bool IsFinal { get; init; }

    /// <summary>The receiver asks for so much time; null: our own schedule.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
