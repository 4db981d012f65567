using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>An index as one search sees it: its segments, and the filter of the alias it was named by.</summary>
internal sealed class IndexView
{
    public IndexView(LogIndex index, QueryNode? aliasFilter)
    {
        Index = index;
        AliasFilter = aliasFilter;
        Segments = [.. index.Segments.Where(static s => s.Count > 0)];
        FirstDoc = new int[Segments.Length];
        for (var i = 1; i < Segments.Length; i++)
        {
            FirstDoc[i] = FirstDoc[i - 1] + Segments[i - 1].Count;
        }
    }

    /// <summary>The documents that were there when the view was frozen, per segment; null: as they are now.</summary>
    public Columns.Bits[]? Frozen { get; private set; }

    public LogIndex Index { get; }

    public QueryNode? AliasFilter { get; }

    public Segment[] Segments { get; }

    /// <summary>Documents before each segment: what <c>_doc</c> sorts by.</summary>
    public int[] FirstDoc { get; }

    /// <summary>The same documents from now on, whatever is written.</summary>
    public IndexView Freeze()
    {
        Frozen = [.. Segments.Select(static s => s.Live())];
        return this;
    }

    /// <summary>Documents that are there, as a set of its own.</summary>
    public Columns.Bits Live(int segment)
    {
        if (Frozen is null)
        {
            return Segments[segment].Live();
        }

        var live = new Columns.Bits(Segments[segment].Count);
        Frozen[segment].Words.CopyTo(live.Words, 0);
        return live;
    }

    public FieldMapping? Find(string field) => field switch
    {
        "_id" => new("_id", FieldType.Keyword, Documents.HiddenColumn.Ids),
        "_ignored" => new("_ignored", FieldType.Keyword, Documents.HiddenColumn.Ignored),
        "_seq_no" => new("_seq_no", FieldType.Long, Documents.HiddenColumn.Sequence),
        "_version" => new("_version", FieldType.Long, Documents.HiddenColumn.Version),
        _ => Index.Mapping.Find(field),
    };
}
