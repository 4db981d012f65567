namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// One pair of parentheses of a rule while it is read: whether everybody who gets through it was asked for the address. Of terms joined by
/// "and" one that asks is enough, of those joined by "or" each must ask; under a negation it is the other way round.
/// </summary>
internal sealed class RuleGroup(bool negated)
{
    private readonly List<bool> _alternatives = [];
    private bool? _current;

    public bool Negated => negated;

    public bool Gates
    {
        get
        {
            IEnumerable<bool> all = _current is { } last ? [.. _alternatives, last] : _alternatives;
            return all.Any() && (negated ? all.Any(static g => g) : all.All(static g => g));
        }
    }

    /// <param name="asks">The term, or the group that it is, asks for the address.</param>
    public void Term(bool asks) => _current = _current is not { } before ? asks : negated ? before && asks : before || asks;

    /// <summary>"||"; its second character changes nothing more.</summary>
    public void Or()
    {
        if (_current is { } done)
        {
            _alternatives.Add(done);
            _current = null;
        }
    }
}
