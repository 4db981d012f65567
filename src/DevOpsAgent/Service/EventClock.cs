namespace DevOpsAgent.Service;

/// <summary>A clock that stands at the newest event: replaying a log of last week behaves as the service did last week.</summary>
internal sealed class EventClock : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    public void MoveTo(DateTimeOffset? time) => _now = time > _now ? time.Value : _now;

    public override DateTimeOffset GetUtcNow() => _now;
}
