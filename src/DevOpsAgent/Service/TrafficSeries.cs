namespace DevOpsAgent.Service;

/// <summary>Requests and suspicious ones per minute of arrival, the last hour. One writer; readers see whole snapshots.</summary>
internal sealed class TrafficSeries
{
    private const int Minutes = 60;
    private readonly Lock _gate = new();
    private readonly (long Minute, long Requests, long Suspicious)[] _ring = new (long, long, long)[Minutes];

    public void Add(DateTimeOffset now, long requests, long suspicious)
    {
        var minute = now.ToUnixTimeSeconds() / 60;
        lock (_gate)
        {
            ref var slot = ref _ring[minute % Minutes];
            slot = slot.Minute == minute ? (minute, slot.Requests + requests, slot.Suspicious + suspicious) : (minute, requests, suspicious);
        }
    }

    /// <summary>Sixty entries, oldest first; minutes without traffic are zero.</summary>
    public IReadOnlyList<TrafficMinute> Last(DateTimeOffset now)
    {
        var minute = now.ToUnixTimeSeconds() / 60;
        lock (_gate)
        {
            return [.. Enumerable.Range(0, Minutes).Select(i => minute - Minutes + 1 + i).Select(m =>
            {
                var slot = _ring[m % Minutes];
                return new TrafficMinute(DateTimeOffset.FromUnixTimeSeconds(m * 60), slot.Minute == m ? slot.Requests : 0, slot.Minute == m ? slot.Suspicious : 0);
            })];
        }
    }
}
