namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// Tells one receiver, in order, each alert at least once: read from the journal, sent, and only then is the cursor moved. A
/// receiver that is down is asked again with growing pauses; it holds up nobody else.
/// </summary>
/// <param name="jitter">A number from 0 to 1, so that many guards don't ask a server that comes back all at once.</param>
/// <param name="say">Label and sentence, for the person who reads the service's log.</param>
internal sealed class AlertDelivery(IAlertChannel channel, AlertJournal journal, AlertCursor cursor, TimeProvider time, Func<double> jitter, Action<string, string> say)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private long _sent;
    private long _refused;
    private long _lost;
    private volatile string? _problem;

    public string Name => channel.Name;

    public AlertDelivered Status => new(channel.Name, channel.Action, Interlocked.Read(ref _sent), Math.Max(0, journal.Last - cursor.Seq), Interlocked.Read(ref _refused), Interlocked.Read(ref _lost), _problem);

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await journal.WaitAsync(cursor.Seq, cancellationToken);
                if (await DeliverAsync(cancellationToken))
                {
                    await Task.Delay(channel.Every, time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for; the rest is told after the next start.
        }
    }

    /// <summary>One page. False: nothing in it was for this receiver.</summary>
    public async Task<bool> DeliverAsync(CancellationToken cancellationToken)
    {
        var page = journal.Read(cursor.Seq, channel.MaxBatch);
        var mine = page.Alerts.Where(a => a.Actions.Contains(channel.Action, StringComparer.Ordinal)).ToList();
        if (mine.Count > 0 || page.Lost > 0)
        {
            Interlocked.Add(ref _lost, page.Lost);
            await SendAsync(new(page.Journal, mine, page.Lost), cancellationToken);
        }

        cursor.MoveTo(page.Next);
        return mine.Count > 0;
    }

    private async Task SendAsync(AlertBatch batch, CancellationToken cancellationToken)
    {
        for (var pause = Shortest; ;)
        {
            AlertDeliveryException fault;
            try
            {
                await channel.SendAsync(batch, cancellationToken);
                Interlocked.Add(ref _sent, batch.Alerts.Count);
                if (_problem is not null)
                {
                    _problem = null;
                    say("guard", $"alerts reach {channel.Name} again");
                }

                return;
            }
            catch (AlertDeliveryException e)
            {
                fault = e;
            }

            if (_problem is null || fault.IsFinal)
            {
                say("warning", $"alerts don't reach {channel.Name}: {fault.Message}{(fault.IsFinal ? "; these are not sent again" : "")}");
            }

            _problem = fault.Message;
            if (fault.IsFinal)
            {
                Interlocked.Add(ref _refused, batch.Alerts.Count);
                return;
            }

            var wait = fault.RetryAfter is { } asked && asked > pause ? asked < Longest ? asked : Longest : pause * (0.5 + (jitter() / 2));
            await Task.Delay(wait, time, cancellationToken);
            pause = pause * 2 < Longest ? pause * 2 : Longest;
        }
    }
}

/// <summary>How a receiver does.</summary>
/// <param name="Waiting">Alerts that it has not been told yet.</param>
/// <param name="Refused">Alerts that it would not take.</param>
/// <param name="Lost">Alerts that were not kept until it could be told.</param>
/// <param name="Problem">Why it can't be told now; null: it can.</param>
internal sealed record AlertDelivered(string Name, string Action, long Sent, long Waiting, long Refused, long Lost, string? Problem);
