namespace DevOpsAgent.LogStore.Documents;

/// <summary>A shape as a dictionary key: equal when all its steps are.</summary>
internal readonly struct ShapeText : IEquatable<ShapeText>
{
    private readonly List<ShapeStep> _steps;
    private readonly int _hash;

    public ShapeText(List<ShapeStep> steps)
    {
        _steps = steps;
        var hash = 17L;
        foreach (var step in steps)
        {
            hash = (hash * 1_000_003) ^ step.Packed;
        }

        _hash = (int)(hash ^ (hash >> 32));
    }

    public bool Equals(ShapeText other)
    {
        if (_hash != other._hash || _steps.Count != other._steps.Count)
        {
            return false;
        }

        for (var i = 0; i < _steps.Count; i++)
        {
            if (_steps[i] != other._steps[i])
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => obj is ShapeText other && Equals(other);

    public override int GetHashCode() => _hash;
}
