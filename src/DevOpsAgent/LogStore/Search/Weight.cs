using DevOpsAgent.LogStore.Columns;

namespace DevOpsAgent.LogStore.Search;

/// <summary>A query made ready for one index: which documents of each segment it means, and what each scores.</summary>
internal abstract class Weight
{
    private readonly Bits?[] _bits;

    protected Weight(IndexView view)
    {
        View = view;
        _bits = new Bits?[view.Segments.Length];
    }

    public IndexView View { get; }

    /// <summary>Shared: to be copied before it is changed. Deleted documents may be in it.</summary>
    public Bits Matches(int segment) => _bits[segment] ??= Find(segment);

    /// <summary>Only for documents that match.</summary>
    public abstract float Score(int segment, int doc);

    protected abstract Bits Find(int segment);
}

/// <summary>Everything, each with the same score.</summary>
internal sealed class AllWeight(IndexView view, float boost) : Weight(view)
{
    public override float Score(int segment, int doc) => boost;

    protected override Bits Find(int segment) => Bits.Full(View.Segments[segment].Count);
}

internal sealed class NoneWeight(IndexView view) : Weight(view)
{
    public override float Score(int segment, int doc) => 0;

    protected override Bits Find(int segment) => new(View.Segments[segment].Count);
}

/// <summary>Documents found by their columns' values, each with the same score.</summary>
internal sealed class ColumnWeight(IndexView view, float score, Func<Segment, Bits> find) : Weight(view)
{
    public float Constant { get; set; } = score;

    public override float Score(int segment, int doc) => Constant;

    protected override Bits Find(int segment) => find(View.Segments[segment]);
}

/// <summary>Another query's documents, all with the same score.</summary>
internal sealed class ConstantWeight(Weight inner, float boost) : Weight(inner.View)
{
    public override float Score(int segment, int doc) => boost;

    protected override Bits Find(int segment) => inner.Matches(segment);
}
