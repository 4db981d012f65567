namespace DevOpsAgent.App.Web;

/// <summary>A bucket of 60 writes that refills by 10 a second: far above what a person does by hand.</summary>
internal sealed class WriteBudget(TimeProvider time)
{
    private const double Size = 60;
    private const double PerSecond = 10;
    private readonly Lock _gate = new();
    private double _left = Size;
    private long _at = time.GetTimestamp();

    public bool TryTake()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(Size, _left + time.GetElapsedTime(_at, now).TotalSeconds * PerSecond);
            _at = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
