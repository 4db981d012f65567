namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>
/// After several failures in a row nothing is sent for a while: a cluster that is down or overloaded isn't helped by
/// more requests. Then one request goes through; its end closes or reopens the breaker. Safe from any thread.
/// </summary>
internal sealed class ElasticBreaker(int breakAfter, TimeSpan breakFor, TimeProvider time)
{
    private readonly Lock _gate = new();
    private int _failures;
    private long _openedAt;
    private TimeSpan _openFor;

    /// <summary>How long nothing is to be sent yet; zero: go ahead.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (_gate)
            {
                var left = _openFor - time.GetElapsedTime(_openedAt);
                return _openFor > TimeSpan.Zero && left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    public void Succeeded()
    {
        lock (_gate)
        {
            _failures = 0;
            _openFor = TimeSpan.Zero;
        }
    }

    /// <param name="asked">What Retry-After asked for.</param>
    public void Failed(TimeSpan? asked)
    {
        lock (_gate)
        {
            if (++_failures >= breakAfter || asked > breakFor)
            {
                _openedAt = time.GetTimestamp();
                _openFor = asked > breakFor ? asked.Value : breakFor;
            }
        }
    }
}
