using System.Runtime.InteropServices;

namespace DevOpsAgent.LogStore.Documents;

/// <summary>A shape as a dictionary key: equal when all its steps are.</summary>
internal readonly struct ShapeText : IEquatable<ShapeText>
{
    private readonly List<long> _steps;
    private readonly int _hash;

    /// <param name="steps">Packed; not changed while this is a key.</param>
    public ShapeText(List<long> steps)
    {
        _steps = steps;
        var hash = 17L;
        foreach (var step in CollectionsMarshal.AsSpan(steps))
        {
            hash = (hash * 1_000_003) ^ step;
        }

        _hash = (int)(hash ^ (hash >> 32));
    }

    public bool Equals(ShapeText other) => _hash == other._hash && CollectionsMarshal.AsSpan(_steps).SequenceEqual(CollectionsMarshal.AsSpan(other._steps));

    public override bool Equals(object? obj) => obj is ShapeText other && Equals(other);

    public override int GetHashCode() => _hash;
}
