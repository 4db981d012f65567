namespace DevOpsAgent.Logs;

/// <summary>
/// Takes back the trust in lines of a stronger format that stand among lines of a weaker one. One instance per log, fed with
/// all events in file order.
/// <para>
/// Attack: in a CLF log a user name with line feeds makes any line, also a whole JSON record, which would pass for one that
/// can't be forged; or a generic CLF line, which has no RequestCount to be checked. Traefik writes one format at a time, so
/// such a line is believed only after as many lines without the other format as no single request could have forged.
/// </para>
/// </summary>
internal sealed class FormatTracker
{
    /// <summary>Traefik takes 1 MiB of request head; a forged record has 105 bytes or more, 150 with its escapes.</summary>
    public const int Believed = 10_000;

    private int _sinceClf = Believed;
    private int _sinceCounted = Believed;

    /// <summary>Flags to add to those of the event.</summary>
    public LogEventFlags Observe(LogFormat format, long requestCount)
    {
        if (format == LogFormat.Json)
        {
            if (_sinceClf >= Believed)
            {
                return LogEventFlags.None;
            }

            _sinceClf++;
            return LogEventFlags.Forgeable;
        }

        _sinceClf = 0;
        if (format == LogFormat.Clf && requestCount >= 0)
        {
            _sinceCounted = 0;
            return LogEventFlags.None;
        }

        if (_sinceCounted >= Believed)
        {
            return LogEventFlags.None;
        }

        _sinceCounted++;
        return LogEventFlags.Suspect;
    }
}
