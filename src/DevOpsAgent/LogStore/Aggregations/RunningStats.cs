namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Count, sum, bounds and squares of numbers, summed with Kahan's correction as Elasticsearch does.</summary>
internal sealed class RunningStats
{
    private Kahan _sum;
    private Kahan _squares;

    public long Count { get; private set; }

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    public double Sum => _sum.Value;

    public double SumOfSquares => _squares.Value;

    public double Average => Sum / Count;

    public double Variance => Math.Max(0, (SumOfSquares - (Sum * Sum / Count)) / Count);

    public double SamplingVariance => Count < 2 ? double.NaN : Math.Max(0, (SumOfSquares - (Sum * Sum / Count)) / (Count - 1));

    public void Add(double value)
    {
        Count++;
        _sum.Add(value);
        _squares.Add(value * value);
        Min = Math.Min(Min, value);
        Max = Math.Max(Max, value);
    }

    private struct Kahan
    {
        private double _delta;

        public double Value { get; private set; }

        public void Add(double value)
        {
            if (!double.IsFinite(value))
            {
                Value += value;
                return;
            }

            var corrected = value + _delta;
            var updated = Value + corrected;
            _delta = corrected - (updated - Value);
            Value = updated;
        }
    }
}
